package queue

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"passerby/match"
	"passerby/match/internal/class"
)

// Record is what must be kept of a session so that the queue can be made anew.
type Record struct {
	Ticket           match.Ticket // Since is its place
	Seq              uint64       // order of arrival among equals in time
	State            match.State
	Open, Wide, Roam bool
	Lease            int64 // Unix milliseconds; renewed since by less than the slack
	Home             string
	Call             int64

	Pair      string // Paired: its id …
	At        int64  // … and time, Unix milliseconds
	Other     string // … and the partner's session
	Seat      int    // … 0 initiator, 1 responder
	Confirmed bool

	Reason match.EndReason // Absent: why Pair ended
}

// Bond is a block or a recent partner that is remembered until then, or (0) forgotten.
type Bond struct {
	Block       bool
	User, Other string
	Until       int64 // Unix milliseconds
}

// Watch makes the queue note what changes of its records and bonds. A lease that is renewed counts as a change when it
// has moved by more than the slack: a queue made anew gives it so much more.
func (q *State) Watch(slack time.Duration) {
	q.watched, q.slack = true, slack.Milliseconds()
	for _, b := range []*bonds{q.blocks, q.recents} {
		b.changed = func(user, other string, until int64) {
			q.bonds = append(q.bonds, Bond{Block: b == q.blocks, User: user, Other: other, Until: until})
		}
	}
}

func (q *State) note(session string) {
	if q.watched {
		q.noted[session] = struct{}{}
	}
}

// Changes yields what has changed since the last time, each session once; nil means that it is gone.
func (q *State) Changes() iter.Seq2[string, *Record] {
	return func(yield func(string, *Record) bool) {
		for session := range q.noted {
			delete(q.noted, session)
			var r *Record
			if s := q.sessions[session]; s != nil {
				r = s.record()
			}
			if !yield(session, r) {
				return
			}
		}
	}
}

// BondChanges returns the bonds that have changed since the last time, in order.
func (q *State) BondChanges() []Bond {
	changed := q.bonds
	q.bonds = nil
	return changed
}

func (s *stay) record() *Record {
	s.kept = s.lease
	r := &Record{Ticket: s.ticket, Seq: s.seq, State: s.state, Open: s.open, Wide: s.wide, Roam: s.roam, Lease: s.lease, Home: s.home, Call: s.call}
	switch {
	case s.couple != nil:
		r.Pair, r.At = s.couple.pair.ID, s.couple.pair.At.UnixMilli()
		r.Seat = s.couple.side(s)
		r.Other, r.Confirmed = s.couple.sides[1-r.Seat].ticket.Session, s.couple.confirmed[r.Seat]
	case s.ended != nil:
		r.Pair, r.Reason = s.ended.Pair, s.ended.Reason
	}
	return r
}

// Restore fills an empty queue with what was kept, at this time: bonds in the order of their ends. Records that do
// not go together (one of two is missing, a user is in twice) are left out, and noted as gone.
func (q *State) Restore(now int64, records []Record, bonds []Bond) {
	q.Begin(now)
	for _, b := range bonds {
		of := q.recents
		if b.Block {
			of = q.blocks
		}
		of.put(b.User, b.Other, b.Until)
	}
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(a.Seq, b.Seq) })
	half := make(map[string]Record) // pairs of which one was found
	for _, r := range records {
		q.seq = max(q.seq, r.Seq)
		session, user := r.Ticket.Session, r.Ticket.User
		switch other, found := half[r.Other]; {
		case r.State == match.Absent:
			s := q.stayOf(r)
			s.ended = &match.Ending{Pair: r.Pair, Reason: r.Reason}
			q.known(s)
		case q.pools[r.Ticket.Wish.Mode] == nil || q.users[user] != nil:
			q.note(session)
		case r.State == match.Waiting:
			s := q.stayOf(r)
			q.place(s)
			if len(q.recents.of[user]) > 0 {
				q.hold(s)
			}
		case found && other.Pair == r.Pair && other.Other == session && other.Seat != r.Seat && other.Ticket.User != user:
			delete(half, r.Other)
			q.rejoin(other, r)
		default:
			half[session] = r
		}
	}
	for session := range half {
		q.note(session)
	}
}

func (q *State) stayOf(r Record) *stay {
	s := &stay{
		ticket: r.Ticket, since: r.Ticket.Since.UnixMilli(), seq: r.Seq, lease: r.Lease, kept: r.Lease, state: r.State,
		open: r.Open, wide: r.Wide, roam: r.Roam, class: class.Of(r.Ticket.Wish), home: r.Home, call: r.Call,
	}
	if s.state != match.Absent {
		s.lease += q.slack
	}
	return s
}

// rejoin makes a couple of two who were one.
func (q *State) rejoin(a, b Record) {
	if a.Seat != 0 {
		a, b = b, a
	}
	c := newCouple(a.Pair, a.At, q.stayOf(a), q.stayOf(b))
	c.confirmed = [2]bool{a.Confirmed, b.Confirmed}
	for _, s := range c.sides {
		s.couple = c
		q.known(s)
	}
	q.join(c)
}
