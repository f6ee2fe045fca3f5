package signaling

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
)

// reader takes letters from a mailbox, each when the gate lets it.
type reader struct {
	mailbox mailbox
	gate    chan struct{}
	got     []any
}

func newReader() *reader {
	r := &reader{gate: make(chan struct{})}
	r.mailbox.take = func() {
		for letter, ok := r.mailbox.next(); ok; letter, ok = r.mailbox.next() {
			<-r.gate
			r.got = append(r.got, letter)
		}
	}
	return r
}

func TestMailboxKeepsTheOrderAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		close(r.gate)
		for i := range 3 {
			r.mailbox.put(2 * i)
			r.mailbox.put(2*i + 1)
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
		r.mailbox.put("taken")
		synctest.Wait()
		for i := range mailboxSize {
			if ok, _ := r.mailbox.put(i); !ok {
				t.Fatalf("full after %d letters", i)
			}
		}
		if ok, open := r.mailbox.put("x"); ok || !open {
			t.Fatalf("put into a full mailbox: %t, open %t", ok, open)
		}
		impatient, cancel := context.WithCancel(t.Context())
		answers := make(chan bool, 3)
		go func() { answers <- r.mailbox.wait(impatient, "never") }()
		synctest.Wait()
		cancel()
		if <-answers {
			t.Error("a letter was put in when its time was over")
		}
		for range 2 {
			go func() { answers <- r.mailbox.wait(t.Context(), "late") }()
		}
		synctest.Wait()
		r.gate <- struct{}{}
		synctest.Wait()
		if len(answers) != 1 || !<-answers {
			t.Fatal("room for one did not let one in")
		}
		r.mailbox.close()
		if <-answers {
			t.Error("a closed mailbox took a letter")
		}
		if ok, open := r.mailbox.put("x"); ok || open || r.mailbox.wait(t.Context(), "x") {
			t.Error("a closed mailbox took a letter")
		}
		close(r.gate)
		synctest.Wait()
		if want := []any{"taken", 0}; !slices.Equal(r.got, want) {
			t.Errorf("took %v, want %v", r.got, want)
		}
	})
}
