package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
)

// relay is the least that can carry a text across two processes: a frame that comes in on the socket /N is published
// on the other process's channel, and written to the socket /N there. Nothing is looked at.
type relay struct {
	client *redis.Client
	to     string // channel of the other one

	mu      sync.Mutex // guards sockets
	sockets map[string]*websocket.Conn
}

// serveRelay serves at an address; channels is "own,other".
func serveRelay(addr, redisAddr, channels string) error {
	own, other, _ := strings.Cut(channels, ",")
	r := &relay{client: redis.NewClient(&redis.Options{Addr: redisAddr, DisableIdentity: true}), to: other, sockets: map[string]*websocket.Conn{}}
	sub := r.client.SSubscribe(context.Background(), own)
	if _, err := sub.Receive(context.Background()); err != nil {
		return err
	}
	go func() {
		for {
			m, err := sub.ReceiveMessage(context.Background())
			if err != nil {
				return
			}
			name, data, _ := strings.Cut(m.Payload, " ")
			r.mu.Lock()
			socket := r.sockets[name]
			r.mu.Unlock()
			if socket != nil && socket.WriteMessage(websocket.TextMessage, []byte(data)) != nil {
				return
			}
		}
	}()
	return (&http.Server{Addr: addr, ReadHeaderTimeout: 10 * time.Second, Handler: r}).ListenAndServe()
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	socket, err := up.Upgrade(w, req, nil)
	if err != nil {
		return
	}
	defer func() { _ = socket.Close() }()
	name := req.URL.Path[1:]
	r.mu.Lock()
	r.sockets[name] = socket
	r.mu.Unlock()
	for {
		_, data, err := socket.ReadMessage()
		if err != nil {
			return
		}
		if err := r.client.SPublish(context.Background(), r.to, name+" "+string(data)).Err(); err != nil {
			return
		}
	}
}

// startRelays starts two of them.
func startRelays(redisAddr string) (both [2]*process, err error) {
	self, err := os.Executable()
	if err != nil {
		return both, err
	}
	for i, channels := range []string{"relay-0,relay-1", "relay-1,relay-0"} {
		addr := freeAddr()
		var failed error
		both[i], failed = startOther(addr, self, "-relay", addr, "-redis", redisAddr, "-channels", channels)
		err = errors.Join(err, failed)
	}
	return both, err
}
