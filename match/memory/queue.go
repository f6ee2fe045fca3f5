package memory

import (
	"context"
	"fmt"
	"sync"

	"passerby/match"
)

var _ match.Queue = (*Queue)(nil)

// Queue is the embedded match.Queue. Make it with New.
type Queue struct {
	cfg   match.Config
	hints hints

	mu       sync.Mutex // guards everything below; held through each change, never while Notify runs
	now      int64      // Unix milliseconds of the call in hand; never goes back
	seq      uint64
	sessions map[string]*stay // waiting, paired, or absent with an ending to tell
	users    map[string]*stay // the waiting or paired stay of a user
	pools    map[match.Mode]*pool
	recents  *bonds
	blocks   *bonds
	due      due
	held     map[*stay]struct{} // to be tried again by Sweep
	pairs    int
}

// New makes an empty queue. Somebody must call Run, or Sweep from time to time.
func New(cfg match.Config) (*Queue, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	q := &Queue{
		cfg:      cfg,
		hints:    hints{notify: cfg.Notify},
		sessions: make(map[string]*stay),
		users:    make(map[string]*stay),
		pools:    make(map[match.Mode]*pool),
		recents:  newBonds(cfg.Recents, cfg.Memory, cfg.RecentFor.Milliseconds()),
		blocks:   newBonds(cfg.Blocks, cfg.Memory, cfg.BlockFor.Milliseconds()),
		held:     make(map[*stay]struct{}),
	}
	for _, m := range match.Modes {
		q.pools[m] = newPool()
	}
	return q, nil
}

// begin takes the lock and does what has fallen due; the caller defers end.
func (q *Queue) begin() {
	q.mu.Lock()
	q.now = max(q.now, millis(q.cfg.Now()))
	q.elapse()
}

func (q *Queue) end() {
	q.mu.Unlock()
	q.hints.deliver()
}

// Arrive implements match.Queue.
func (q *Queue) Arrive(ctx context.Context, t match.Ticket) (match.Standing, error) {
	if err := ctx.Err(); err != nil {
		return match.Standing{}, err
	}
	if t.Session == "" || t.User == "" || len(t.Key) > match.MaxKey {
		return match.Standing{}, fmt.Errorf("arrive: %w", match.ErrTicket)
	}
	wish, err := t.Wish.Normalize()
	if err != nil {
		return match.Standing{}, fmt.Errorf("arrive: %w", err)
	}
	t.Wish = wish

	q.begin()
	defer q.end()
	since := q.now
	if !t.Since.IsZero() {
		since = min(since, millis(t.Since))
	}
	if q.sessions[t.Session] == nil && q.users[t.User] == nil && len(q.sessions) >= q.cfg.Capacity {
		return match.Standing{}, fmt.Errorf("arrive: %w", match.ErrFull)
	}
	for _, old := range [2]*stay{q.sessions[t.Session], q.users[t.User]} {
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
	s := q.enroll(t, since, q.now+q.cfg.Lease.Milliseconds())
	q.try(s, true)
	return q.standing(s), nil
}

// Leave implements match.Queue.
func (q *Queue) Leave(ctx context.Context, session string, reason match.EndReason) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.begin()
	defer q.end()
	s := q.sessions[session]
	if s == nil {
		return nil
	}
	if s.state == match.Paired {
		q.part(s.couple, reason, session)
	}
	q.drop(s)
	return nil
}

// Confirm implements match.Queue.
func (q *Queue) Confirm(ctx context.Context, session, pair string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.begin()
	defer q.end()
	s := q.sessions[session]
	if s == nil || s.state != match.Paired || s.couple.pair.ID != pair {
		return fmt.Errorf("confirm %s: %w", pair, match.ErrGone)
	}
	s.couple.confirmed[s.couple.side(s)] = true
	return nil
}

// Renew implements match.Queue.
func (q *Queue) Renew(ctx context.Context, session string) (match.Standing, error) {
	if err := ctx.Err(); err != nil {
		return match.Standing{}, err
	}
	q.begin()
	defer q.end()
	s := q.sessions[session]
	if s == nil {
		return match.Standing{}, nil
	}
	if s.state != match.Absent {
		s.lease = q.now + q.cfg.Lease.Milliseconds()
	}
	return q.standing(s), nil
}

// Block implements match.Queue.
func (q *Queue) Block(ctx context.Context, user, other string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if user == "" || other == "" || user == other {
		return nil
	}
	q.begin()
	defer q.end()
	q.blocks.add(user, other, q.now)
	if s := q.users[user]; s != nil && s.state == match.Paired && s.couple == q.coupleOf(other) {
		q.part(s.couple, match.EndBlocked, "")
	}
	return nil
}

func (q *Queue) coupleOf(user string) *couple {
	if s := q.users[user]; s != nil {
		return s.couple
	}
	return nil
}

// Stats implements match.Queue.
func (q *Queue) Stats(ctx context.Context) (match.Stats, error) {
	if err := ctx.Err(); err != nil {
		return match.Stats{}, err
	}
	q.begin()
	defer q.end()
	st := match.Stats{Waiting: make(map[match.Mode]int, len(q.pools)), Pairs: q.pairs}
	for m, p := range q.pools {
		st.Waiting[m] = int(p.line.count())
	}
	return st, nil
}

func (q *Queue) standing(s *stay) match.Standing {
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
