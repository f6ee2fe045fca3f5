package signaling

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// sink is where an outbox writes to in these tests; it waits at the gate when there is one.
type sink struct {
	mu     sync.Mutex
	got    []string
	gate   chan struct{}
	fails  bool
	ends   []error
	writes int
}

func (s *sink) outbox(limit int) *outbox {
	return &outbox{limit: limit, to: s}
}

func (s *sink) written(err error) { s.ends = append(s.ends, err) }

func (s *sink) spawn(work func()) { go work() }

func (s *sink) write(items []item) error {
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails {
		return errors.New("broken")
	}
	for _, it := range items {
		s.got = append(s.got, [...]string{"", "ping", "close"}[it.kind]+string(it.data))
	}
	s.writes++
	return nil
}

func text(s string) item { return item{kind: itemText, data: []byte(s)} }

func TestOutboxWritesInOrderAndRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		o := s.outbox(100)
		for range 3 {
			o.put(text("a"))
			o.put(text("b"))
			o.ping()
			synctest.Wait()
		}
		o.close(false, text("last"), item{kind: itemClose})
		o.wait()
		want := "a b a b a b last close"
		if got := strings.Join(slices.DeleteFunc(s.got, func(s string) bool { return s == "ping" }), " "); got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
		if len(s.ends) != 1 || s.ends[0] != nil || o.bytes != 0 {
			t.Errorf("ends %v, %d bytes left", s.ends, o.bytes)
		}
		if !o.put(text("more")) || o.close(false, text("more")) {
			t.Error("a closed outbox says that it is full, or closes again")
		}
	})
}

func TestOutboxIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{gate: make(chan struct{})}
		o := s.outbox(10)
		if !o.put(text("12345")) {
			t.Fatal("an empty outbox is full")
		}
		synctest.Wait() // it is being written and counts still
		o.ping()        // not while something is written
		if !o.put(text("67890")) || o.put(text("x")) {
			t.Error("the limit is not 10 bytes")
		}
		s.gate <- struct{}{} // five bytes leave
		synctest.Wait()
		if !o.put(text("abcde")) || o.put(text("x")) {
			t.Error("what was written is counted still")
		}
		if !o.close(true, text("beyond the limit"), item{kind: itemClose}) {
			t.Error("close was refused")
		}
		close(s.gate)
		o.wait()
		if got, want := strings.Join(s.got, " "), "12345 67890 beyond the limit close"; got != want {
			t.Errorf("wrote %q, want %q", got, want)
		}
	})
}

func TestOutboxWritesWhatWaitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{gate: make(chan struct{})}
		o := s.outbox(1 << 20)
		o.put(text("first"))
		synctest.Wait()
		for range 100 {
			o.put(text("x"))
		}
		o.put(text(strings.Repeat("y", batchBytes)))
		o.put(text("z"))
		close(s.gate)
		synctest.Wait()
		if len(s.got) != 103 || s.writes != 4 {
			t.Errorf("%d items in %d writes, want 103 in 4", len(s.got), s.writes)
		}
	})
}

func TestOutboxStopsAtAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{fails: true}
		o := s.outbox(10)
		o.put(text("a"))
		o.put(text("b"))
		o.wait()
		o.put(text("c"))
		o.ping()
		synctest.Wait()
		if len(s.got) != 0 || len(s.ends) != 1 || s.ends[0] == nil {
			t.Errorf("wrote %q, ends %v", s.got, s.ends)
		}
	})
}
