package signaling

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"passerby/signaling/machine"
)

// reader takes letters from a mailbox, each when the gate lets it.
type reader struct {
	mailbox mailbox
	gate    chan struct{}
	got     []any
}

func newReader() *reader {
	return &reader{gate: make(chan struct{})}
}

func (r *reader) put(letter any) receipt {
	receipt := r.mailbox.put(letter)
	if receipt == first {
		go func() {
			for letter, ok := r.mailbox.next(); ok; letter, ok = r.mailbox.next() {
				<-r.gate
				r.got = append(r.got, letter)
			}
		}()
	}
	return receipt
}

func TestMailboxKeepsTheOrderAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		close(r.gate)
		for i := range 3 {
			r.put(2 * i)
			r.put(2*i + 1)
			synctest.Wait()
		}
		if want := []any{0, 1, 2, 3, 4, 5}; !slices.Equal(r.got, want) {
			t.Errorf("took %v, want %v", r.got, want)
		}
		if r.mailbox.taking || r.mailbox.letters != nil {
			t.Errorf("at rest it is taken from: %t, and holds %v", r.mailbox.taking, r.mailbox.letters)
		}
	})
}

func TestMailboxIsBoundedAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		r.put("taken")
		synctest.Wait()
		for i := range mailboxSize {
			if r.put(i) != queued {
				t.Fatalf("full after %d letters", i)
			}
		}
		if got := r.put("x"); got != noRoom {
			t.Fatalf("put into a full mailbox: %v", got)
		}
		impatient, cancel := context.WithCancel(t.Context())
		answers := make(chan receipt, 3)
		go func() { answers <- r.mailbox.wait(impatient, "never") }()
		synctest.Wait()
		cancel()
		if got := <-answers; got != noRoom {
			t.Error("a letter was put in when its time was over")
		}
		for range 2 {
			go func() { answers <- r.mailbox.wait(t.Context(), "late") }()
		}
		synctest.Wait()
		r.gate <- struct{}{}
		synctest.Wait()
		if len(answers) != 1 || <-answers != queued {
			t.Fatal("room for one did not let one in")
		}
		r.mailbox.close()
		if <-answers != refused {
			t.Error("a closed mailbox took a letter")
		}
		if r.put("x") != refused || r.mailbox.wait(t.Context(), "x") != refused {
			t.Error("a closed mailbox took a letter")
		}
		close(r.gate)
		synctest.Wait()
		if want := []any{"taken", 0}; !slices.Equal(r.got, want) {
			t.Errorf("took %v, want %v", r.got, want)
		}
	})
}

// While a session is busy its heartbeats do not pile up, and it hears the next one when it is free again.
func TestTicksDoNotPileUp(t *testing.T) {
	s := &session{hub: &Hub{metrics: newMetrics(nil, nil)}}
	s.mailbox.put("what keeps it busy")
	for range 3 {
		s.tick()
	}
	if n := len(s.mailbox.letters); n != 2 {
		t.Fatalf("%d letters wait, want 2", n)
	}
	s.handle(machine.Tick{})
	s.tick()
	if n := len(s.mailbox.letters); n != 3 {
		t.Errorf("%d letters wait after the Tick was handled, want 3", n)
	}
}
