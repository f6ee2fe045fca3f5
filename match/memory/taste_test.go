package memory_test

import (
	"fmt"
	"testing"
	"time"

	"passerby/match"
	"passerby/match/memory"
	"passerby/match/taste"
)

// taught is a queue that knows who talks: men of even number. Men wait for women only, so that those who come stay.
func taught(t *testing.T, now *time.Time) *memory.Queue {
	t.Helper()
	m := taste.New(taste.Config{})
	pool := "text "
	for n := range 40_000 {
		a, b := n%50, n/50%49
		if b >= a {
			b++
		}
		talked := time.Second
		if a%2 == 0 && b%2 == 0 {
			talked = time.Hour
		}
		m.Learn(taste.Traits{User: fmt.Sprint(a), Pool: pool}, taste.Traits{User: fmt.Sprint(b), Pool: pool}, talked, now.Add(time.Duration(n)*time.Minute))
	}
	q := mustNew(t, match.Config{Taste: &taste.Config{Explore: -1, People: true}, Lease: time.Hour, Now: func() time.Time { return *now }})
	if err := q.SetTaste(m.Bytes()); err != nil {
		t.Fatal(err)
	}
	return q
}

func come(t *testing.T, q *memory.Queue, i int, g, seeks match.Gender) match.Standing {
	t.Helper()
	s, err := q.Arrive(t.Context(), match.Ticket{Session: fmt.Sprint(i), User: fmt.Sprint(i), Wish: match.Wish{Mode: match.Text, Gender: g, Seeking: []match.Gender{seeks}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Of those who came within Hold of the first, the one who suits best is taken; nobody who came later passes.
func TestTasteRanks(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	q := taught(t, &now)
	come(t, q, 1, match.Male, match.Female)
	now = now.Add(time.Second)
	come(t, q, 2, match.Male, match.Female)
	now = now.Add(4 * time.Second)
	come(t, q, 4, match.Male, match.Female)
	for i, want := range []string{"2", "1", "4"} { // 2 is worth as much as 4, and came within 3 s of the first; then 4 may not pass 1
		s := come(t, q, 10+2*i, match.Female, match.Male)
		if s.Pair == nil {
			t.Fatalf("woman %d waits, and somebody has waited for longer than Hold", i)
		}
		if _, partner, _ := s.Pair.Sides(fmt.Sprint(10 + 2*i)); partner.Session != want {
			t.Errorf("woman %d meets %s, want %s", i, partner.Session, want)
		}
	}
}

// Who suits nobody is matched when Hold is over: nobody starves.
func TestTasteHoldsNobodyForLong(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	q := taught(t, &now)
	for i := range 60 { // the queue sees what there is to choose from
		come(t, q, 2*i%50, match.Male, match.Female)
		come(t, q, 49-2*i%50, match.Female, match.Male)
		now = now.Add(300 * time.Millisecond)
		q.Sweep()
	}
	for end := now.Add(4 * time.Second); now.Before(end); now = now.Add(250 * time.Millisecond) {
		q.Sweep()
	}
	st, err := q.Stats(t.Context())
	if err != nil || st.Waiting[match.Text] > 1 {
		t.Errorf("%+v wait still, %v", st, err)
	}
}
