package sfu_test

import (
	"fmt"
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
