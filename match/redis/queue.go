package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"passerby/match"
)

var _ match.Queue = (*Queue)(nil)

// Queue is one node's access to the queue in Redis. Make it with New.
type Queue struct {
	cfg    Config
	client redis.UniversalClient
	script *redis.Script
	root   string // the key that routes to the slot
	node   string // names this Queue among others; its channel of hints
	number atomic.Int64

	listening chan struct{} // closed by Run
	listen    sync.Once

	flights sync.WaitGroup
	mu      sync.Mutex // guards the rest
	calls   []*call    // that wait for the next batch
	flying  bool       // a batch is under way
}

// New makes a node's queue on a client that stays the caller's. It sends nothing yet. Somebody must call Run:
// it brings the hints, and sweeps.
func New(client redis.UniversalClient, cfg Config) (*Queue, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Queue{cfg: cfg, client: client, script: newScript(cfg), root: "{" + cfg.Name + "}:", node: rand.Text()[:12], listening: make(chan struct{})}, nil
}

// Arrive implements match.Queue.
func (q *Queue) Arrive(ctx context.Context, t match.Ticket) (match.Standing, error) {
	if t.Session == "" || t.User == "" || len(t.Key) > match.MaxKey || max(len(t.Session), len(t.User), len(t.Node)) > maxName {
		return match.Standing{}, fmt.Errorf("arrive: %w", match.ErrTicket)
	}
	wish, err := t.Wish.Normalize()
	if err != nil {
		return match.Standing{}, fmt.Errorf("arrive: %w", err)
	}
	t.Wish = wish
	since := int64(1) << 62 // now
	if !t.Since.IsZero() {
		since = t.Since.UnixMilli()
	}
	ticket, side := packArrive(t, since, q.number.Add(1))
	answer, err := q.do(ctx, ticket, side)
	if err == nil && len(answer) > 0 && answer[0] == "full" {
		err = match.ErrFull
	}
	if err != nil {
		return match.Standing{}, fmt.Errorf("arrive: %w", err)
	}
	return parseStanding(answer)
}

// Leave implements match.Queue.
func (q *Queue) Leave(ctx context.Context, session string, reason match.EndReason) error {
	if _, err := q.do(ctx, packCall('l', session, string(reason))); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// Confirm implements match.Queue.
func (q *Queue) Confirm(ctx context.Context, session, pair string) error {
	answer, err := q.do(ctx, packCall('c', session, pair))
	if err == nil && len(answer) > 0 && answer[0] == "gone" {
		err = match.ErrGone
	}
	if err != nil {
		return fmt.Errorf("confirm %s: %w", pair, err)
	}
	return nil
}

// Renew implements match.Queue.
func (q *Queue) Renew(ctx context.Context, session string) (match.Standing, error) {
	answer, err := q.do(ctx, packCall('r', session, ""))
	if err != nil {
		return match.Standing{}, fmt.Errorf("renew: %w", err)
	}
	return parseStanding(answer)
}

// Block implements match.Queue.
func (q *Queue) Block(ctx context.Context, user, other string) error {
	if user == "" || other == "" || user == other {
		return ctx.Err()
	}
	if _, err := q.do(ctx, packCall('b', user, other)); err != nil {
		return fmt.Errorf("block: %w", err)
	}
	return nil
}

// Stats implements match.Queue.
func (q *Queue) Stats(ctx context.Context) (match.Stats, error) {
	answer, err := q.do(ctx, packCall('t', "", ""))
	if err != nil {
		return match.Stats{}, fmt.Errorf("stats: %w", err)
	}
	if len(answer) != 2+len(match.Modes) {
		return match.Stats{}, errWire
	}
	count := func(i int) int { n, _ := answer[i].(int64); return int(n) }
	st := match.Stats{Waiting: make(map[match.Mode]int, len(match.Modes)), Pairs: count(1)}
	for i, m := range match.Modes {
		st.Waiting[m] = count(2 + i)
	}
	return st, nil
}
