package queue

import (
	"fmt"

	"passerby/match"
	"passerby/match/taste"
)

// State is everybody in a queue. Make it with New.
type State struct {
	cfg  match.Config
	told func(home string, e match.Event)

	now      int64 // Unix milliseconds of what is in hand; never goes back
	seq      uint64
	sessions map[string]*stay // waiting, paired, or absent with an ending to tell
	users    map[string]*stay // the waiting or paired stay of a user
	pools    map[match.Mode]*pool
	recents  *bonds
	blocks   *bonds
	due      due
	held     map[*stay]struct{} // to be tried again by Retry
	pairs    int
	taste    *taste.Model // nil: off
	spread   float64      // of what pairs were worth lately

	watched bool
	slack   int64               // milliseconds by which a lease may differ from its record
	noted   map[string]struct{} // sessions whose record has changed
	bonds   []Bond              // that have changed, in order
}

// New makes an empty queue of a configuration with all fields filled in. Each hint is told as it arises, with the home
// of its session.
func New(cfg match.Config, told func(home string, e match.Event)) *State {
	q := &State{
		cfg:      cfg,
		told:     told,
		sessions: make(map[string]*stay),
		users:    make(map[string]*stay),
		pools:    make(map[match.Mode]*pool),
		recents:  newBonds(cfg.Recents, cfg.Memory, cfg.RecentFor.Milliseconds()),
		blocks:   newBonds(cfg.Blocks, cfg.Memory, cfg.BlockFor.Milliseconds()),
		held:     make(map[*stay]struct{}),
		noted:    make(map[string]struct{}),
	}
	for _, m := range match.Modes {
		q.pools[m] = newPool()
	}
	if cfg.Taste != nil {
		q.taste = taste.New(*cfg.Taste)
	}
	return q
}

// Arrive is that of match.Queue, for a ticket whose wish is normalised. Hints for the session go to its home from now on. The
// number, if it has one, grows with each Arrive of a home: the same again, or one that a later one has overtaken, changes nothing.
func (q *State) Arrive(t match.Ticket, home string, number int64) (match.Standing, error) {
	since := q.now
	if !t.Since.IsZero() {
		since = min(since, t.Since.UnixMilli())
	}
	before := q.sessions[t.Session]
	if before != nil && number != 0 && before.home == home && (before.call > number || before.call == number && before.state != match.Absent) {
		return q.standing(before), nil
	}
	if before == nil && q.users[t.User] == nil && len(q.sessions) >= q.cfg.Capacity {
		return match.Standing{}, match.ErrFull
	}
	for _, old := range [2]*stay{before, q.users[t.User]} {
		if old == nil {
			continue
		}
		switch old.state {
		case match.Waiting:
			since = min(since, old.since)
			q.drop(old)
		case match.Paired:
			reason := match.EndNext
			if old.ticket.Session != t.Session {
				reason = match.EndLeft
			}
			q.part(old.couple, reason, t.Session)
		}
	}
	s := q.enroll(t, since, q.now+q.cfg.Lease.Milliseconds(), home, number)
	q.try(s, true)
	return q.standing(s), nil
}

// Leave is that of match.Queue.
func (q *State) Leave(session string, reason match.EndReason) {
	s := q.sessions[session]
	if s == nil {
		return
	}
	if s.state == match.Paired {
		q.part(s.couple, reason, session)
	}
	q.drop(s)
}

// Confirm is that of match.Queue.
func (q *State) Confirm(session, pair string) error {
	s := q.sessions[session]
	if s == nil || s.state != match.Paired || s.couple.pair.ID != pair {
		return fmt.Errorf("confirm %s: %w", pair, match.ErrGone)
	}
	if side := s.couple.side(s); !s.couple.confirmed[side] {
		s.couple.confirmed[side] = true
		q.note(session)
	}
	return nil
}

// Renew is that of match.Queue. Hints for the session go to its home from now on.
func (q *State) Renew(session, home string) match.Standing {
	s := q.sessions[session]
	if s == nil {
		return match.Standing{}
	}
	if s.state != match.Absent {
		s.lease = q.now + q.cfg.Lease.Milliseconds()
		if s.lease-s.kept > q.slack {
			q.note(session)
		}
		if s.home != home {
			s.home, s.call = home, 0 // the numbers of another home say nothing about those of this one
			q.note(session)
		}
	}
	return q.standing(s)
}

// Block is that of match.Queue.
func (q *State) Block(user, other string) {
	q.blocks.add(user, other, q.now)
	if s := q.users[user]; s != nil && s.state == match.Paired && s.couple == q.coupleOf(other) {
		q.part(s.couple, match.EndBlocked, "")
	}
}

func (q *State) coupleOf(user string) *couple {
	if s := q.users[user]; s != nil {
		return s.couple
	}
	return nil
}

// Stats is that of match.Queue.
func (q *State) Stats() match.Stats {
	st := match.Stats{Waiting: make(map[match.Mode]int, len(q.pools)), Pairs: q.pairs}
	for m, p := range q.pools {
		st.Waiting[m] = int(p.line.count())
	}
	return st
}

func (q *State) standing(s *stay) match.Standing {
	st := match.Standing{State: s.state, Ended: s.ended}
	switch s.state {
	case match.Waiting:
		p := q.pools[s.ticket.Wish.Mode]
		st.Since = moment(s.since)
		st.Position = rank(p.line, s) + 1
		st.Estimate = p.rate.estimate(q.now, st.Position)
	case match.Paired:
		pair := s.couple.pair
		st.Pair = &pair
	}
	return st
}
