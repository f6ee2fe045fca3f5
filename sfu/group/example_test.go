package group_test

import (
	"io"
	"log"
	"net/http"
	"net/netip"

	"passerby/sfu"
	"passerby/sfu/group"
)

// table gives the events of peers to the one group that there is.
type table struct{ group *group.Group }

func (t *table) Connected(string)       {}
func (t *table) Disconnected(id string) { t.group.Leave(id) }
func (t *table) ChannelOpen(string)     {}
func (t *table) ChannelClosed(string)   {}
func (t *table) Data(id string, data []byte) {
	if err := t.group.Data(id, data); err != nil {
		log.Print(id, ": ", err)
	}
}

// A table for eight: whoever posts an offer sits down at it. The browsers' side is @passerby/client/group.
func Example() {
	events := &table{}
	server, err := sfu.Listen(sfu.Config{
		UDP: "127.0.0.1:0", PublicIPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, Events: events,
	})
	if err != nil {
		log.Fatal(err)
	}
	events.group = group.New(server, group.Config{Name: "the table of today"})
	http.HandleFunc("POST /sit/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := events.group.Join(r.PathValue("id")); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		offer, _ := io.ReadAll(io.LimitReader(r.Body, sfu.MaxOffer))
		answer, err := server.Offer(r.Context(), r.PathValue("id"), string(offer))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	// http.ListenAndServe(…) would serve it now.
	events.group.Close()
	_ = server.Close()
	// Output:
}
