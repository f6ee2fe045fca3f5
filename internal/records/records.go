// Package records writes down what happens, behind the back of who chats: a call hands something over and goes on. What waits is written
// in one go each [Every]. While the database is away it is kept, up to a bound; what comes then is counted as dropped.
//
// Safe for concurrent use. Run ends with its context, after a last write.
package records

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"passerby/internal/store"
)

const (
	// Every is how often what waits is written.
	Every     = time.Second
	lastWrite = 2 * time.Second
	batch     = 500 // rows of a kind in one transaction
)

// Store is where things are written.
type Store interface {
	SaveChats(ctx context.Context, chats []store.Chat) error
	SaveUsers(ctx context.Context, users []store.User) error
	SaveBlock(ctx context.Context, b store.Block) error
}

// Recorder writes to a Store.
type Recorder struct {
	store   Store
	most    int
	failed  func(error)
	written *prometheus.CounterVec
	dropped *prometheus.CounterVec

	mu     sync.Mutex // guards what follows
	chats  []store.Chat
	users  []store.User
	blocks []store.Block
}

// New makes a Recorder that keeps at most so many of each kind while they cannot be written. failed is told why they cannot.
func New(s Store, most int, failed func(error), r prometheus.Registerer) *Recorder {
	kinds := []string{"kind"}
	return &Recorder{
		store: s, most: most, failed: failed,
		written: promauto.With(r).NewCounterVec(prometheus.CounterOpts{Name: "passerby_records_written_total", Help: "Records written to the database."}, kinds),
		dropped: promauto.With(r).NewCounterVec(prometheus.CounterOpts{Name: "passerby_records_dropped_total", Help: "Records lost because the database was away for too long."}, kinds),
	}
}

// Chat notes that a chat began or ended.
func (r *Recorder) Chat(c store.Chat) { put(r, &r.chats, c, "chat") }

// User notes that somebody came.
func (r *Recorder) User(u store.User) { put(r, &r.users, u, "user") }

// Block notes that somebody blocked another.
func (r *Recorder) Block(b store.Block) { put(r, &r.blocks, b, "block") }

func put[T any](r *Recorder, list *[]T, v T, kind string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(*list) >= r.most {
		r.dropped.WithLabelValues(kind).Inc()
		return
	}
	*list = append(*list, v)
}

// Run writes until ctx is over.
func (r *Recorder) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWrite)
			defer cancel()
			r.Write(last)
			return nil
		case <-tick.C:
			r.Write(ctx)
		}
	}
}

// Write writes what waits, and keeps what it cannot. Only one goroutine may call it.
func (r *Recorder) Write(ctx context.Context) {
	ok := flush(ctx, r, &r.chats, "chat", r.store.SaveChats)
	ok = ok && flush(ctx, r, &r.users, "user", r.store.SaveUsers)
	_ = ok && flush(ctx, r, &r.blocks, "block", func(ctx context.Context, blocks []store.Block) error {
		for _, b := range blocks {
			if err := r.store.SaveBlock(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func flush[T any](ctx context.Context, r *Recorder, list *[]T, kind string, save func(context.Context, []T) error) bool {
	for {
		r.mu.Lock()
		some := slices.Clone((*list)[:min(len(*list), batch)])
		r.mu.Unlock()
		if len(some) == 0 {
			return true
		}
		if err := save(ctx, some); err != nil {
			r.failed(err)
			return false
		}
		r.mu.Lock()
		if *list = (*list)[len(some):]; len(*list) == 0 {
			*list = nil // gives the room back
		}
		r.mu.Unlock()
		r.written.WithLabelValues(kind).Add(float64(len(some)))
	}
}
