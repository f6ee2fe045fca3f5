package memory

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"passerby/match"
	"passerby/match/internal/queue"
)

var _ match.Queue = (*Queue)(nil)

// Queue is the embedded match.Queue. Make it with New.
type Queue struct {
	cfg   match.Config
	hints hints

	mu    sync.Mutex // guards state; held through each change, never while Notify runs
	state *queue.State
}

// New makes an empty queue. Somebody must call Run, or Sweep from time to time.
func New(cfg match.Config) (*Queue, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	q := &Queue{cfg: cfg, hints: hints{notify: cfg.Notify}}
	q.state = queue.New(cfg, func(_ string, e match.Event) { q.hints.put(e) })
	return q, nil
}

// begin takes the lock and does what has fallen due; the caller defers end.
func (q *Queue) begin() {
	q.mu.Lock()
	q.state.Begin(q.cfg.Now().UnixMilli())
	q.state.Elapse(math.MaxInt)
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
	s, err := q.state.Arrive(t, "", 0)
	if err != nil {
		return s, fmt.Errorf("arrive: %w", err)
	}
	return s, nil
}

// Leave implements match.Queue.
func (q *Queue) Leave(ctx context.Context, session string, reason match.EndReason) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.begin()
	defer q.end()
	q.state.Leave(session, reason)
	return nil
}

// Confirm implements match.Queue.
func (q *Queue) Confirm(ctx context.Context, session, pair string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q.begin()
	defer q.end()
	return q.state.Confirm(session, pair)
}

// Renew implements match.Queue.
func (q *Queue) Renew(ctx context.Context, session string) (match.Standing, error) {
	if err := ctx.Err(); err != nil {
		return match.Standing{}, err
	}
	q.begin()
	defer q.end()
	return q.state.Renew(session, ""), nil
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
	q.state.Block(user, other)
	return nil
}

// Stats implements match.Queue.
func (q *Queue) Stats(ctx context.Context) (match.Stats, error) {
	if err := ctx.Err(); err != nil {
		return match.Stats{}, err
	}
	q.begin()
	defer q.end()
	return q.state.Stats(), nil
}

// Taste is what the queue has learnt of who talks long with whom, to be kept elsewhere; nil when it does not learn.
func (q *Queue) Taste() []byte {
	q.begin()
	defer q.end()
	if m := q.state.Taste(); m != nil {
		return m.Bytes()
	}
	return nil
}

// SetTaste gives it back what Taste answered.
func (q *Queue) SetTaste(b []byte) error {
	q.begin()
	defer q.end()
	if m := q.state.Taste(); m != nil {
		return m.SetBytes(b)
	}
	return nil
}

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
	q.state.Retry()
}
