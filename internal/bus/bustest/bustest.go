// Package bustest is the conformance suite of the bus: every implementation passes it.
//
//	func TestConformance(t *testing.T) { bustest.Run(t, newCluster) }
//
// newCluster makes a bus of its own for one test and answers how to join it.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/internal/bus"
)

// Join puts a node on the bus of one test.
type Join func(t testing.TB, name string, handle bus.Handler) bus.Node

// patience is how long an expected message may take.
const patience = 5 * time.Second

// Run runs the suite; newCluster is called once for each test.
func Run(t *testing.T, newCluster func(t testing.TB) Join) {
	for name, test := range map[string]func(*testing.T, Join){
		"reaches the session":        reaches,
		"reaches the own node":       reachesItself,
		"keeps the order":            keepsOrder,
		"carries any bytes":          carriesBytes,
		"handler may not keep data":  reusesNothing,
		"unknown node":               unknownNode,
		"closed node hears nothing":  closedHearsNothing,
		"closed node sends nothing":  closedSendsNothing,
		"context that is over":       contextOver,
		"many senders":               manySenders,
		"one name, one node at once": rejoin,
	} {
		t.Run(name, func(t *testing.T) { test(t, newCluster(t)) })
	}
}

type letter struct{ session, data string }

// inbox collects what a node is handed.
type inbox chan letter

func (in inbox) handle(session string, data []byte) { in <- letter{session, string(data)} }

func (in inbox) expect(t *testing.T, want ...letter) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-in:
			if got != w {
				t.Fatalf("got %q, want %q", got, w)
			}
		case <-time.After(patience):
			t.Fatalf("%q did not arrive", w)
		}
	}
}

func send(t *testing.T, from bus.Node, node, session, data string) {
	t.Helper()
	if err := from.Send(t.Context(), node, session, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

func reaches(t *testing.T, join Join) {
	a, b := make(inbox, 8), make(inbox, 8)
	from := join(t, "a", a.handle)
	join(t, "b", b.handle)
	send(t, from, "b", "session-1", "hello")
	b.expect(t, letter{"session-1", "hello"})
	if len(a) != 0 {
		t.Errorf("the sender got %d letters", len(a))
	}
}

func reachesItself(t *testing.T, join Join) {
	a := make(inbox, 8)
	from := join(t, "a", a.handle)
	send(t, from, "a", "session-1", "hello")
	a.expect(t, letter{"session-1", "hello"})
}

func keepsOrder(t *testing.T, join Join) {
	b := make(inbox, 200)
	from := join(t, "a", make(inbox, 1).handle)
	join(t, "b", b.handle)
	for i := range 200 {
		send(t, from, "b", "s", fmt.Sprint(i))
	}
	for i := range 200 {
		b.expect(t, letter{"s", fmt.Sprint(i)})
	}
}

func carriesBytes(t *testing.T, join Join) {
	b := make(inbox, 8)
	from := join(t, "a", make(inbox, 1).handle)
	join(t, "b", b.handle)
	for _, data := range []string{"", "\x00\xff\r\n\x80", string(make([]byte, 64<<10))} {
		send(t, from, "b", "s ü", data)
		b.expect(t, letter{"s ü", data})
	}
}

func reusesNothing(t *testing.T, join Join) {
	b := make(inbox, 8)
	from := join(t, "a", make(inbox, 1).handle)
	join(t, "b", b.handle)
	data := []byte("first")
	if err := from.Send(t.Context(), "b", "s", data); err != nil {
		t.Fatal(err)
	}
	copy(data, "XXXXX") // the sender's buffer is its own again
	b.expect(t, letter{"s", "first"})
}

func unknownNode(t *testing.T, join Join) {
	from := join(t, "a", make(inbox, 1).handle)
	if err := from.Send(t.Context(), "nobody", "s", []byte("x")); err != nil && !errors.Is(err, bus.ErrNoNode) {
		t.Errorf("got %v, want nil or ErrNoNode", err)
	}
}

func closedHearsNothing(t *testing.T, join Join) {
	b := make(inbox, 8)
	from := join(t, "a", make(inbox, 1).handle)
	to := join(t, "b", b.handle)
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	_ = from.Send(t.Context(), "b", "s", []byte("x")) // either answer is fine
	if len(b) != 0 {
		t.Error("a closed node was handed a message")
	}
	if err := to.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func closedSendsNothing(t *testing.T, join Join) {
	b := make(inbox, 8)
	from := join(t, "a", make(inbox, 1).handle)
	join(t, "b", b.handle)
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	if err := from.Send(t.Context(), "b", "s", []byte("x")); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func contextOver(t *testing.T, join Join) {
	from := join(t, "a", make(inbox, 1).handle)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := from.Send(ctx, "a", "s", []byte("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func manySenders(t *testing.T, join Join) {
	const senders, each = 8, 50
	b := make(inbox, senders*each)
	join(t, "b", b.handle)
	var all sync.WaitGroup
	for i := range senders {
		name := fmt.Sprintf("sender-%d", i)
		from := join(t, name, make(inbox, 1).handle)
		all.Go(func() {
			for n := range each {
				if err := from.Send(t.Context(), "b", name, []byte(fmt.Sprint(n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	got, want := map[string]int{}, map[string]int{}
	for i := range senders {
		want[fmt.Sprintf("sender-%d", i)] = each
	}
	for range senders * each {
		select {
		case l := <-b:
			if l.data != fmt.Sprint(got[l.session]) {
				t.Fatalf("%s: got %s, want %d", l.session, l.data, got[l.session])
			}
			got[l.session]++
		case <-time.After(patience):
			t.Fatalf("some letters did not arrive: %v", got)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func rejoin(t *testing.T, join Join) {
	from := join(t, "a", make(inbox, 1).handle)
	old := join(t, "b", make(inbox, 1).handle)
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	b := make(inbox, 8)
	join(t, "b", b.handle)
	send(t, from, "b", "s", "to the new one")
	b.expect(t, letter{"s", "to the new one"})
}
