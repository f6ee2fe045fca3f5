package queue

import (
	"maps"
	"slices"

	"passerby/match"
)

// Begin sets the time of what comes next, in Unix milliseconds. It never goes back.
func (q *State) Begin(now int64) { q.now = max(q.now, now) }

// Elapse handles what has fallen due, in order of its time and at most so much of it, and reports whether that was all.
func (q *State) Elapse(most int) bool {
	for range most {
		e, ok := q.due.next(q.now)
		if !ok {
			return true
		}
		switch e.kind {
		case leaseEnds:
			q.leaseEnds(e)
		case unconfirmed:
			if !e.couple.over && !e.couple.settled() {
				q.lapse(e.couple)
			}
		case graceEnds:
			q.relax(e, func(s *stay) { s.open, s.wide = true, s.ticket.Wish.Widen })
		case overflows:
			q.relax(e, func(s *stay) { s.roam = true })
		case tries:
			if e.stay.state == match.Waiting {
				q.try(e.stay, false)
			}
		}
	}
	return false
}

// Retry tries those again for whom a recent partner waits, the oldest first.
func (q *State) Retry() {
	held := slices.SortedFunc(maps.Keys(q.held), func(a, b *stay) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	for _, s := range held {
		if s.state == match.Waiting {
			delete(q.held, s)
			s.held = false
			q.try(s, false)
		}
	}
}

func (q *State) leaseEnds(e entry) {
	s := e.stay
	switch {
	case q.sessions[s.ticket.Session] != s: // over already
	case s.lease > e.at: // renewed meanwhile
		e.at = s.lease
		q.due.add(e)
	case s.state == match.Paired:
		q.part(s.couple, match.EndLost, "")
		e.at = s.lease // as absent
		q.due.add(e)
	default:
		q.drop(s)
	}
}

// relax lets a stay take more people from now on. It looks for one after all who relax at the same moment.
func (q *State) relax(e entry, how func(*stay)) {
	s := e.stay
	if s.state != match.Waiting {
		return
	}
	p := q.pools[s.ticket.Wish.Mode]
	p.leave(s)
	how(s)
	p.enter(s)
	q.note(s.ticket.Session)
	e.kind = tries
	q.due.add(e)
}
