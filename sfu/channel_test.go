package sfu_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"passerby/sfu"
)

func TestTextOnly(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{textOnly: true})
	mustJoin(t, s, events, "b", clientOptions{textOnly: true})
	s.Route("b", "a", key1) // harmless
	s.KeyFrame("a")
	s.Shown("b")
	for i := range 20 {
		if err := a.dc.SendText(fmt.Sprintf("up %d", i)); err != nil {
			t.Fatal(err)
		}
		if err := s.Send("a", fmt.Appendf(nil, "down %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	events.await(t, "data a up 19", 1)
	for i := range 20 {
		if got, want := <-a.messages, fmt.Sprintf("down %d", i); got != want {
			t.Fatalf("message %q, want %q", got, want)
		}
	}
	var order []string
	for _, e := range events.all() {
		if strings.HasPrefix(e, "data a") {
			order = append(order, e)
		}
	}
	for i, e := range order {
		if want := fmt.Sprintf("data a up %d", i); e != want {
			t.Errorf("event %d is %q", i, e)
		}
	}
	a.close()
	events.await(t, "closed a", 1)
	events.await(t, "disconnected a", 1)
}

func TestMessageLimits(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{textOnly: true})
	full := strings.Repeat("x", 16<<10)
	if err := a.dc.SendText(full); err != nil {
		t.Fatal(err)
	}
	events.await(t, "data a "+full, 1)
	if err := s.Send("a", bytes.Repeat([]byte("y"), 16<<10+1)); !errors.Is(err, sfu.ErrTooLarge) {
		t.Errorf("send over the limit: %v", err)
	}
	if err := s.Send("nobody", nil); !errors.Is(err, sfu.ErrUnknown) {
		t.Errorf("send to nobody: %v", err)
	}
	// A browser that ignores the limit loses its channel, and only that.
	if err := a.dc.SendText(full + "!"); err == nil {
		events.await(t, "closed a", 1)
		if err := s.Send("a", []byte("z")); !errors.Is(err, sfu.ErrNotOpen) {
			t.Errorf("send to a closed channel: %v", err)
		}
	}
}
