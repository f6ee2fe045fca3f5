package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/sync/errgroup"
)

// memory is one round of W1, in KB for each session.
type memory struct{ Passerby, Plain float64 }

func measureMemory(bin, dir string, sessions, rounds int) ([]memory, error) {
	fmt.Printf("\nW1: memory of the server for each idle session, %d sessions; KB\n%8s %10s %10s %10s\n", sessions, "round", "passerby", "plain", "÷")
	var results []memory
	var ratios []float64
	for round := range rounds {
		node, err := startNode(bin, dir, "")
		if err != nil {
			return nil, err
		}
		own, err := fill(node, sessions, enter)
		if err != nil {
			return nil, fmt.Errorf("passerby: %w", err)
		}
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		addr := freeAddr()
		plain, err := startOther(addr, self, "-plain", addr)
		if err != nil {
			return nil, err
		}
		theirs, err := fill(plain, sessions, func(ctx context.Context, addr string, i int) (*websocket.Conn, error) {
			return connect(ctx, "ws://"+addr+"/", i)
		})
		if err != nil {
			return nil, fmt.Errorf("plain: %w", err)
		}
		fmt.Printf("%8d %10.1f %10.1f %10.2f\n", round+1, own, theirs, own/theirs)
		results, ratios = append(results, memory{own, theirs}), append(ratios, own/theirs)
	}
	fmt.Printf("passerby ÷ plain, min / median / max: %s (aim: 0.25)\n", show(spread(ratios)))
	return results, nil
}

// fill lets sessions in, answers what each costs, and ends the server.
func fill(p *process, sessions int, join func(ctx context.Context, addr string, i int) (*websocket.Conn, error)) (float64, error) {
	defer p.stop()
	before := p.settled()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var mu sync.Mutex
	var reading sync.WaitGroup
	var sockets []*websocket.Conn
	defer func() {
		for _, s := range sockets {
			_ = s.Close()
		}
		reading.Wait()
	}()
	g, joining := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range sessions {
		g.Go(func() error {
			s, err := join(joining, p.addr, i)
			if err != nil {
				return fmt.Errorf("client %d: %w", i, err)
			}
			mu.Lock()
			sockets = append(sockets, s)
			mu.Unlock()
			reading.Go(func() { // answers pings
				for {
					if _, _, err := s.ReadMessage(); err != nil {
						return
					}
				}
			})
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return float64(p.settled()-before) / float64(sessions), nil
}

// servePlain is what one writes first with the library: its defaults, a goroutine that reads and one that writes.
func servePlain(addr string) error {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	server := &http.Server{Addr: addr, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		out := make(chan []byte, 256)
		defer close(out)
		go func() {
			ping := time.NewTicker(20 * time.Second)
			defer ping.Stop()
			for {
				select {
				case data, ok := <-out:
					if !ok || c.WriteMessage(websocket.TextMessage, data) != nil {
						return
					}
				case <-ping.C:
					if c.WriteControl(websocket.PingMessage, nil, time.Now().Add(10*time.Second)) != nil {
						return
					}
				}
			}
		}()
		for {
			_, data, err := c.ReadMessage()
			if err != nil {
				return
			}
			out <- data
		}
	})}
	return server.ListenAndServe()
}
