package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"passerby/match"
)

// Run sweeps until ctx is done; it returns nil then. One Run per queue is enough.
func (q *Queue) Run(ctx context.Context) error {
	ticker := time.NewTicker(q.cfg.Sweep)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			q.Sweep()
		}
	}
}

// Sweep does now what Run does from time to time: whatever has fallen due,
// then another try, the oldest first, for those whom a recent partner waits for.
func (q *Queue) Sweep() {
	q.begin()
	defer q.end()
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

// elapse handles what has fallen due, in order of its time.
func (q *Queue) elapse() {
	for {
		e, ok := q.due.next(q.now)
		if !ok {
			return
		}
		switch e.kind {
		case leaseEnds:
			q.leaseEnds(e)
		case unconfirmed:
			if !e.couple.over && !e.couple.settled() {
				q.lapse(e.couple)
			}
		case graceEnds:
			if e.stay.state == match.Waiting {
				q.graceEnds(e.stay)
			}
		}
	}
}

func (q *Queue) leaseEnds(e entry) {
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

// graceEnds relaxes a stay: it takes anyone compatible from now on.
func (q *Queue) graceEnds(s *stay) {
	p := q.pools[s.ticket.Wish.Mode]
	p.leave(s)
	s.open, s.wide = true, s.ticket.Wish.Widen
	p.enter(s)
	q.try(s, false)
}
