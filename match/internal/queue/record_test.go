package queue

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"passerby/match"
)

// shelf is what somebody keeps of a queue who is told its changes.
type shelf struct {
	records map[string]Record
	bonds   []Bond
}

func (k *shelf) take(q *State) {
	for session, r := range q.Changes() {
		if delete(k.records, session); r != nil {
			k.records[session] = *r
		}
	}
	for _, b := range q.BondChanges() {
		rest := k.bonds[:0]
		for _, old := range k.bonds {
			if old.Block != b.Block || old.User != b.User || old.Other != b.Other {
				rest = append(rest, old)
			}
		}
		if k.bonds = rest; b.Until != 0 {
			k.bonds = append(k.bonds, b)
		}
	}
}

func watched(k *shelf, now int64) *State {
	q := New(match.Config{Recents: 2}.WithDefaults(), func(string, match.Event) {})
	q.Watch(0)
	var records []Record
	for _, r := range k.records {
		records = append(records, r)
	}
	q.Restore(now, records, k.bonds)
	return q
}

// A random crowd: what is told of changes is all there is to tell, and a queue made anew from it says the same.
func TestChangesAreComplete(t *testing.T) {
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 0))
	k, now := &shelf{records: make(map[string]Record)}, int64(1_900_000_000_000)
	q := watched(k, now)
	for step := range 5000 {
		now += int64(rng.IntN(400))
		q.Begin(now)
		q.Elapse(1000)
		who, other := fmt.Sprint("p", rng.IntN(12)), fmt.Sprint("u", rng.IntN(12))
		switch n := rng.IntN(100); {
		case n < 40:
			wish := match.Wish{Mode: match.Text, Language: []string{"", "de", "fr"}[rng.IntN(3)], Widen: rng.IntN(2) == 0}
			for _, tag := range []string{"jazz", "tea"} {
				if rng.IntN(3) == 0 {
					wish.Tags = append(wish.Tags, tag)
				}
			}
			if _, err := q.Arrive(match.Ticket{Session: who, User: "u" + who[1:], Wish: wish}, fmt.Sprint("home", rng.IntN(2)), int64(step+1)); err != nil {
				t.Fatal(err)
			}
		case n < 70:
			if s := q.Renew(who, fmt.Sprint("home", rng.IntN(2))); s.Pair != nil {
				_ = q.Confirm(who, s.Pair.ID)
			}
		case n < 80:
			q.Renew(who, "home0")
		case n < 90:
			q.Leave(who, match.EndLeft)
		case n < 92:
			q.Block("u"+who[1:], other)
		default:
			q.Retry()
		}
		k.take(q)
		if len(k.records) != len(q.sessions) {
			t.Fatalf("seed %d, step %d: %d records of %d sessions", seed, step, len(k.records), len(q.sessions))
		}
		for session, s := range q.sessions {
			if want := *s.record(); !reflect.DeepEqual(k.records[session], want) {
				t.Fatalf("seed %d, step %d: %+v was told, and it is %+v", seed, step, k.records[session], want)
			}
		}
		if step%10 > 0 {
			continue
		}
		anew := watched(k, now)
		for session, s := range q.sessions {
			got, want := anew.standing(anew.sessions[session]), q.standing(s)
			got.Estimate, want.Estimate = 0, 0 // the rate begins anew
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, step %d: anew %+v, before %+v", seed, step, got, want)
			}
		}
		q = anew
	}
}

// What does not go together is left out, and told to be gone.
func TestRestoreLeavesOutWhatDoesNotFit(t *testing.T) {
	ticket := func(session, user string) match.Ticket {
		return match.Ticket{Session: session, User: user, Wish: match.Wish{Mode: match.Text}}
	}
	k := &shelf{records: map[string]Record{
		"waits":    {Ticket: ticket("waits", "a"), Seq: 1, State: match.Waiting},
		"again":    {Ticket: ticket("again", "a"), Seq: 2, State: match.Waiting},
		"half":     {Ticket: ticket("half", "b"), Seq: 3, State: match.Paired, Pair: "x", Other: "nobody"},
		"one-way":  {Ticket: ticket("one-way", "c"), Seq: 4, State: match.Paired, Pair: "y", Other: "half", Seat: 1},
		"no-mode":  {Ticket: match.Ticket{Session: "no-mode", User: "d"}, Seq: 5, State: match.Waiting},
		"dismissd": {Ticket: ticket("dismissd", "a"), Seq: 6, Pair: "z", Reason: match.EndLost},
	}}
	q := watched(k, 1)
	if len(q.sessions) != 2 || q.sessions["waits"] == nil || q.sessions["dismissd"] == nil || q.users["a"] != q.sessions["waits"] {
		t.Errorf("in: %v", q.sessions)
	}
	k.take(q)
	if len(k.records) != 2 {
		t.Errorf("kept: %v", k.records)
	}
}
