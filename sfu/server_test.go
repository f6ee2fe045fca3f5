package sfu_test

import (
	"net"
	"testing"
	"time"
)

type netIP = net.IP

func TestTwoClientsSeeEachOther(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0x010203040506)
	start := time.Now()
	a.sendVideo(false, 1, 'x', 1) // makes the uplink known; not passed
	s.KeyFrame("a")
	a.awaitPLI()
	t.Logf("key frame request after %v", time.Since(start))
	a.sendVideo(true, 0x010203040506, 'a', 3)
	for range 3 {
		if p := b.next(true); p.tag() != 'a' {
			t.Fatalf("got %q", p.tag())
		}
	}
	a.sendAudio(0x010203040506, 'a')
	if p := b.next(false); p.tag() != 'a' {
		t.Fatalf("got %q", p.tag())
	}
	s.Shown("b")
	a.dc.SendText("hello")
	events.await(t, "data a hello", 1)
	if err := s.Send("b", []byte("hi")); err != nil {
		t.Fatal(err)
	}
	if m := <-b.messages; m != "hi" {
		t.Fatalf("got %q", m)
	}
}
