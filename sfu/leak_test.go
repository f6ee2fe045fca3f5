package sfu_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"passerby/sfu"
)

// TestJoinsAndLeaves: 200 peers come, are routed, send and go, eight at a time,
// half by closing, half by Remove, some while still connecting. TestMain looks
// for goroutines that stay; here nothing may stay in the server either.
func TestJoinsAndLeaves(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	s, events := mustListen(t, func(c *sfu.Config) { c.TCP = "127.0.0.1:0" })
	var work sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range 200 {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			id := fmt.Sprint(i)
			c := newClient(t, s, id, clientOptions{textOnly: i%5 == 0, tcpOnly: i%7 == 0})
			defer c.close()
			if err := c.offer(nil); err != nil {
				t.Error(err)
				return
			}
			s.Route(id, fmt.Sprint(i^1), uint64(i%3))
			if i%4 != 0 {
				events.await(t, "connected "+id, 1)
				s.KeyFrame(id)
				if c.video != nil {
					c.sendVideo(true, uint64(i%3), 'v', 3)
					c.sendAudio(uint64(i%3), 'a')
				}
			}
			if i%2 == 0 {
				c.close()
			}
			s.Remove(id)
		})
	}
	work.Wait()
	if st := s.Stats(); st.Peers != 0 || st.Routes != 0 {
		t.Errorf("after all left: %+v", st)
	}
	if n := s.Seats(); n != 0 {
		t.Errorf("%d ids are remembered", n)
	}
}

// TestThousandJoins: a thousand peers come, a hundred at a time, are routed to one another and go; goroutines and memory are
// what they were.
func TestThousandJoins(t *testing.T) {
	s, _ := mustListen(t)
	c := newCrowdClient(t, s, "seed", 3)
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.close()
	visit := func(from, to int) {
		for i := from; i < to; i++ {
			if _, err := s.Offer(context.Background(), fmt.Sprint(i), offer.SDP); err != nil {
				t.Fatal(err)
			}
			for slot := range 3 {
				if err := s.RouteSlot(fmt.Sprint(i), slot, fmt.Sprint(from+(i+slot+1)%(to-from)), 0); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := from; i < to; i++ {
			s.Remove(fmt.Sprint(i))
		}
	}
	goroutines := runtime.NumGoroutine()
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // pools keep what they have for one more
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	visit(0, 100) // what is made once
	settle := func() {
		eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines })
	}
	settle()
	heap := inUse()
	for i := range 10 {
		visit(100*i, 100*i+100)
	}
	settle()
	// What a timer still holds is free when it has run out.
	eventually(t, fmt.Sprintf("a heap of %d KB", heap>>10), func() bool { return inUse() <= heap+1<<20 })
	if st := s.Stats(); st.Peers != 0 || st.Routes != 0 || s.Seats() != 0 {
		t.Errorf("after all left: %+v, %d ids", st, s.Seats())
	}
}
