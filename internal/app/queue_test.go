package app

import (
	"testing"

	"passerby/match"
	"passerby/match/memory"
	"passerby/signaling"
	"passerby/signaling/protocol"
)

// TestQueuePassesEndingsOn: who missed the hint of an end learns the reason all the same.
func TestQueuePassesEndingsOn(t *testing.T) {
	for _, reason := range []protocol.EndReason{protocol.EndLeft, protocol.EndNext, protocol.EndBlocked} {
		m, err := memory.New(match.Config{})
		if err != nil {
			t.Fatal(err)
		}
		q := queue{q: m}
		arrive := func(name string) signaling.Standing {
			t.Helper()
			s, err := q.Arrive(t.Context(), signaling.Ticket{Session: name, User: "user-" + name, Wish: signaling.Wish{Mode: protocol.ModeText}, Key: name})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		arrive("ann")
		pair := arrive("bob").Pair
		if pair == nil {
			t.Fatal("the two were not paired")
		}
		switch reason {
		case protocol.EndNext:
			arrive("bob")
		case protocol.EndBlocked:
			err = q.Block(t.Context(), "user-bob", "user-ann")
		default:
			err = q.Leave(t.Context(), "bob", reason)
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := q.Renew(t.Context(), "ann")
		if err != nil || s.Place != signaling.Absent || s.Ended == nil || *s.Ended != (signaling.Ending{Pair: pair.ID, Reason: reason}) {
			t.Errorf("%s: got %+v, %v, %v", reason, s, s.Ended, err)
		}
	}
}
