package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/match"
)

var _ match.Queue = (*Queue)(nil)

// maxName is the most bytes of a session's, a user's or a node's name.
const maxName = 1024

// Queue is one node's access to the queue in Redis. Make it with New.
type Queue struct {
	cfg     Config
	client  redis.UniversalClient
	cluster bool
	node    string        // names this Queue among others; its channel
	slack   time.Duration // by which leases in Redis may be behind

	arrivals  atomic.Int64
	listening chan struct{} // closed by Run
	listen    sync.Once

	// Of who flies: one goroutine at a time.
	book    *book // nil: this node does not lead
	leader  string
	term    string // of the leader
	number  int64  // of the last flight
	clock   clock
	failing bool

	mu      sync.Mutex // guards the rest
	work    work
	flying  bool
	rest    chan struct{} // closed when nobody flies any more; nil: Run does not wait for that
	awaited int64         // number of the flight whose reply is to go …
	reply   chan<- string // … here
}

// New makes a node's queue on a client that stays the caller's. It sends nothing yet. Somebody must call Run:
// it brings the hints and the replies of other nodes, and sweeps.
func New(client redis.UniversalClient, cfg Config) (*Queue, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	_, cluster := client.(*redis.ClusterClient)
	return &Queue{cfg: cfg, client: client, cluster: cluster, node: rand.Text()[:12], slack: cfg.Lease / 2, listening: make(chan struct{})}, nil
}

func (q *Queue) key(name string) string     { return "{" + q.cfg.Name + "}:" + name }
func (q *Queue) channel(node string) string { return q.key("n:" + node) }

// Arrive implements match.Queue.
func (q *Queue) Arrive(ctx context.Context, t match.Ticket) (match.Standing, error) {
	if t.Session == "" || t.User == "" || len(t.Key) > match.MaxKey || max(len(t.Session), len(t.User), len(t.Node), len(t.Region)) > maxName {
		return match.Standing{}, fmt.Errorf("arrive: %w", match.ErrTicket)
	}
	wish, err := t.Wish.Normalize()
	if err != nil {
		return match.Standing{}, fmt.Errorf("arrive: %w", err)
	}
	t.Wish = wish
	a, err := q.do(ctx, call{kind: arrive, number: q.arrivals.Add(1), ticket: t})
	if err != nil {
		return match.Standing{}, fmt.Errorf("arrive: %w", err)
	}
	return a.standing, nil
}

// Leave implements match.Queue.
func (q *Queue) Leave(ctx context.Context, session string, reason match.EndReason) error {
	if _, err := q.do(ctx, call{kind: leave, session: session, word: string(reason)}); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// Confirm implements match.Queue.
func (q *Queue) Confirm(ctx context.Context, session, pair string) error {
	if _, err := q.do(ctx, call{kind: confirm, session: session, word: pair}); err != nil {
		return fmt.Errorf("confirm %s: %w", pair, err)
	}
	return nil
}

// Renew implements match.Queue.
func (q *Queue) Renew(ctx context.Context, session string) (match.Standing, error) {
	a, err := q.do(ctx, call{kind: renew, session: session})
	if err != nil {
		return match.Standing{}, fmt.Errorf("renew: %w", err)
	}
	return a.standing, nil
}

// Block implements match.Queue.
func (q *Queue) Block(ctx context.Context, user, other string) error {
	if user == "" || other == "" || user == other {
		return ctx.Err()
	}
	if _, err := q.do(ctx, call{kind: block, session: user, word: other}); err != nil {
		return fmt.Errorf("block: %w", err)
	}
	return nil
}

// Stats implements match.Queue.
func (q *Queue) Stats(ctx context.Context) (match.Stats, error) {
	a, err := q.do(ctx, call{kind: stats})
	if err != nil {
		return match.Stats{}, fmt.Errorf("stats: %w", err)
	}
	return a.stats, nil
}
