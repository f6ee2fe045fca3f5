package queue

import (
	"time"

	"passerby/match"
)

// stay is one session's time in the queue, from an Arrive to the next or to
// the end. Once out of State.sessions it is dead and never comes back.
type stay struct {
	ticket match.Ticket
	since  int64  // place: Unix milliseconds …
	seq    uint64 // … and order of arrival among equals
	lease  int64  // Unix milliseconds; moved by Renew
	kept   int64  // the lease as it was recorded
	state  match.State

	open bool // takes anyone compatible: names no tags, or is past grace
	wide bool // accepts other languages of the wide
	roam bool // takes people of every region; one who names none does from the beginning
	held bool // a recent partner waits whom it may not meet yet

	class  uint8         // own gender × genders sought
	home   string        // who spoke for the session last …
	call   int64         // … and the number of its Arrive there; 0: none
	couple *couple       // while paired
	ended  *match.Ending // while absent: what a missed hint would have said
}

func (s *stay) before(o *stay) bool {
	if s.since != o.since {
		return s.since < o.since
	}
	return s.seq < o.seq
}

// couple is a pair that has not ended.
type couple struct {
	pair      match.Pair
	sides     [2]*stay // initiator, responder
	confirmed [2]bool
	over      bool
}

func (c *couple) side(s *stay) int {
	if c.sides[0] == s {
		return 0
	}
	return 1
}

func (c *couple) settled() bool { return c.confirmed[0] && c.confirmed[1] }

func moment(ms int64) time.Time { return time.UnixMilli(ms) }
