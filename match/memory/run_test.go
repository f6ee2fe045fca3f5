package memory_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"passerby/match"
	"passerby/match/memory"
)

func mustNew(t testing.TB, cfg match.Config) *memory.Queue {
	t.Helper()
	q, err := memory.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func arrive(t testing.TB, q *memory.Queue, name string, tags ...string) match.Standing {
	t.Helper()
	s, err := q.Arrive(t.Context(), match.Ticket{Session: name, User: name, Wish: match.Wish{Mode: match.Text, Tags: tags}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Run does by itself, on the real clock, what falls due, and ends with its context.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []string
		q := mustNew(t, match.Config{Notify: func(e match.Event) { told = append(told, fmt.Sprintf("%s %v %s", e.Session, e.Kind, e.Reason)) }})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- q.Run(ctx) }()
		arrive(t, q, "ada", "jazz")
		arrive(t, q, "ben", "tea")
		time.Sleep(10*time.Second + 251*time.Millisecond) // grace and a sweep, in the bubble's time
		synctest.Wait()
		if s, err := q.Renew(ctx, "ada"); err != nil || s.State != match.Paired {
			t.Errorf("past grace ada is %v, %v", s.State, err)
		}
		time.Sleep(6*time.Second + 251*time.Millisecond)
		synctest.Wait()
		slices.Sort(told) // the two are told in no order that is promised
		want := []string{"ada pair ended lost", "ada pair made ", "ben pair ended lost", "ben pair made "}
		if !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// Notify may call the queue: hints come one at a time, outside the lock, in order.
func TestNotifyMayCallTheQueue(t *testing.T) {
	var q *memory.Queue
	var told []string
	q = mustNew(t, match.Config{Notify: func(e match.Event) {
		told = append(told, e.Session+" "+e.Kind.String())
		if e.Kind == match.PairMade {
			if err := q.Leave(context.Background(), e.Session, match.EndLeft); err != nil {
				t.Error(err)
			}
			if len(told) > 1 {
				t.Error("a hint came within a hint")
			}
		}
	}})
	arrive(t, q, "ada")
	arrive(t, q, "ben")
	if got := fmt.Sprint(told); got != "[ada pair made ben pair ended]" {
		t.Errorf("told %s", got)
	}
}

// A Notify that panics does not stop the hints of others.
func TestNotifyPanics(t *testing.T) {
	panics, told := true, 0
	q := mustNew(t, match.Config{Notify: func(match.Event) {
		if panics {
			panic("of the test")
		}
		told++
	}})
	arrive(t, q, "ada")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		arrive(t, q, "ben")
	}()
	panics = false
	arrive(t, q, "cem")
	arrive(t, q, "dan")
	if told != 1 {
		t.Errorf("%d hints after the panic, want 1", told)
	}
}

// What all users together leave behind is bounded: the oldest block goes first.
func TestMemoryIsBounded(t *testing.T) {
	q := mustNew(t, match.Config{Memory: 10})
	for i := range 11 {
		if err := q.Block(t.Context(), fmt.Sprint("a", i), fmt.Sprint("b", i)); err != nil {
			t.Fatal(err)
		}
	}
	arrive(t, q, "a1")
	if s := arrive(t, q, "b1"); s.State != match.Waiting {
		t.Errorf("a1 blocked b1 as the second of ten that are remembered: %v", s.State)
	}
	for _, name := range []string{"a1", "b1"} {
		if err := q.Leave(t.Context(), name, match.EndLeft); err != nil {
			t.Fatal(err)
		}
	}
	arrive(t, q, "a0")
	if s := arrive(t, q, "b0"); s.State != match.Paired {
		t.Errorf("the oldest of eleven blocks should be forgotten: %v", s.State)
	}
}

// A clock that goes back changes nothing.
func TestClockGoesBack(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	q := mustNew(t, match.Config{Now: func() time.Time { return now }})
	first := arrive(t, q, "ada", "jazz")
	now = now.Add(-time.Hour)
	if s := arrive(t, q, "ben", "tea"); s.Position != 2 || s.Since.Before(first.Since) {
		t.Errorf("ben came second: %+v", s)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	if _, err := memory.New(match.Config{Grace: -1}); err == nil {
		t.Error("a negative grace was accepted")
	}
}
