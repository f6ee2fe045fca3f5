// Command demo serves tables for eight: a page that sits down at POST /sit/{table}/{id} with its offer is shown the others.
//
//	go run ./sfu/group/demo [-listen 127.0.0.1:8090] [-slots 7] [-dir FOLDER WITH THE PAGE]
//
// It shows all that a program needs around package group, and no more: no accounts, no limits, no encryption of its own.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"passerby/sfu"
	"passerby/sfu/group"
)

// tables are the groups by name. An id is "table/person".
type tables struct {
	slots int

	mu     sync.Mutex // guards what follows
	server *sfu.Server
	byName map[string]*group.Group
	opened int
}

func (t *tables) of(id string) *group.Group {
	name, _, _ := strings.Cut(id, "/")
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byName[name]
}

// sit makes the table with the first who comes.
func (t *tables) sit(name, id string) error {
	t.mu.Lock()
	g := t.byName[name]
	if g == nil {
		t.opened++ // keys are bound to the name: no two calls have the same one
		g = group.New(t.server, group.Config{Name: fmt.Sprintf("%s %d", name, t.opened), Slots: t.slots})
		t.byName[name] = g
	}
	t.mu.Unlock()
	return g.Join(id)
}

// stand ends the table with the last who leaves.
func (t *tables) stand(id string) {
	if g := t.of(id); g != nil && g.Leave(id) == 0 {
		name, _, _ := strings.Cut(id, "/")
		t.mu.Lock()
		if t.byName[name] == g {
			delete(t.byName, name)
		}
		t.mu.Unlock()
		g.Close()
	}
}

func (t *tables) Connected(string)     {}
func (t *tables) ChannelOpen(string)   {}
func (t *tables) ChannelClosed(string) {}

func (t *tables) Disconnected(id string) {
	t.stand(id)
	go t.server.Remove(id)
}

func (t *tables) Data(id string, data []byte) {
	if g := t.of(id); g != nil {
		if err := g.Data(id, data); err != nil {
			log.Print(id, ": ", err)
		}
	}
}

func (t *tables) offer(w http.ResponseWriter, r *http.Request) {
	table, id := r.PathValue("table"), r.PathValue("table")+"/"+r.PathValue("id")
	offer, err := io.ReadAll(io.LimitReader(r.Body, sfu.MaxOffer+1))
	if err == nil {
		err = t.sit(table, id)
	}
	var answer string
	if err == nil {
		answer, err = t.server.Offer(r.Context(), id, string(offer))
	}
	switch {
	case errors.Is(err, group.ErrFull):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		t.stand(id)
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"answer": answer})
	}
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "where to serve")
	dir := flag.String("dir", ".", "the folder with the page")
	udp := flag.String("udp", "127.0.0.1:0", "address for media, which pages are told")
	slots := flag.Int("slots", 7, "how many others each is shown at most")
	flag.Parse()
	t := &tables{slots: *slots, byName: map[string]*group.Group{}}
	at, err := netip.ParseAddrPort(*udp)
	if err != nil {
		log.Fatal(err)
	}
	if t.server, err = sfu.Listen(sfu.Config{PublicIPs: []netip.Addr{at.Addr()}, UDP: *udp, Events: t, Disconnected: 30 * time.Second}); err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /sit/{table}/{id}", t.offer)
	http.Handle("/", http.FileServer(http.Dir(*dir)))
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("serving on http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, nil)) //nolint:gosec // a demonstration
}
