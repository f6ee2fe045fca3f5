package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"passerby/internal/store"
)

// ErrRefused says that another try cannot help; wrap it to say why.
var ErrRefused = errors.New("events: the receiver wants no more of this event")

// Sink is where events go.
type Sink interface {
	// Deliver sends events, each of another topic, and answers what became of each: nil once the other side has said that it has it.
	Deliver(ctx context.Context, events []store.Event) []error
	Close() error
}

// Config is how a Relay works. The zero value of the optional fields means what the comment names.
type Config struct {
	Name    string // of the sink, in the outbox, logs and metrics
	Sink    Sink
	Outbox  store.Outbox
	Batch   int             // events at a time
	Waits   []time.Duration // before each further try, up to a quarter more; after the last an event is given up
	Logger  *slog.Logger
	Metrics *Metrics

	Every  time.Duration // how often the outbox is looked at while nothing waits (a second)
	Lease  time.Duration // how long events that were claimed are this relay's (a minute); delivering takes half of it at most
	Keep   time.Duration // how long delivered events are remembered (an hour)
	Oldest time.Duration // after which an event goes, whatever became of it (a week)
}

const (
	purgeEvery = 30 * time.Second
	purgeRows  = 10_000
	lastNote   = 2 * time.Second
	restMost   = 10 * time.Second // after a batch of which nothing was delivered
)

// BrokerWaits are for sinks that are there again some time after they went: for a day, each minute.
var BrokerWaits = slices.Concat([]time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}, slices.Repeat([]time.Duration{time.Minute}, 24*60))

// Relay brings the events of one sink from the outbox to it.
type Relay struct{ c Config }

// NewRelay makes a Relay.
func NewRelay(c Config) *Relay {
	for _, d := range []struct {
		d     *time.Duration
		usual time.Duration
	}{{&c.Every, time.Second}, {&c.Lease, time.Minute}, {&c.Keep, time.Hour}, {&c.Oldest, 7 * 24 * time.Hour}} {
		if *d.d == 0 {
			*d.d = d.usual
		}
	}
	c.Logger = c.Logger.With("sink", c.Name)
	c.Metrics.start(c.Name)
	return &Relay{c}
}

// Close closes the sink.
func (r *Relay) Close() error { return r.c.Sink.Close() }

// Run relays until ctx is over.
func (r *Relay) Run(ctx context.Context) error {
	purge := time.NewTicker(purgeEvery)
	defer purge.Stop()
	rest := time.Duration(0)
	for {
		claimed, delivered := r.round(ctx)
		switch {
		case delivered > 0:
			rest = 0
		case claimed > 0:
			rest = min(max(2*rest, time.Second), restMost)
		default:
			rest = r.c.Every
		}
		r.c.Metrics.backlog(ctx, r.c.Name, r.c.Outbox)
		if delivered > 0 {
			select {
			case <-ctx.Done():
				return nil
			case <-purge.C:
				r.purge(ctx)
			default:
			}
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-purge.C:
			r.purge(ctx)
		case <-time.After(rest):
		}
	}
}

// round claims, delivers and settles once.
func (r *Relay) round(ctx context.Context) (claimed, delivered int) {
	now := time.Now()
	events, err := r.c.Outbox.ClaimEvents(ctx, r.c.Name, now, now.Add(r.c.Lease), r.c.Batch)
	if err != nil {
		r.c.Logger.DebugContext(ctx, "events: claim", "err", err) // that the database is away is said elsewhere
		return 0, 0
	}
	if len(events) == 0 {
		return 0, 0
	}
	sending, cancel := context.WithTimeout(ctx, r.c.Lease/2)
	became := r.c.Sink.Deliver(sending, events)
	cancel()
	fates := make([]store.Fate, len(events))
	for i, e := range events {
		fates[i] = r.fate(ctx, e, became[i])
		if became[i] == nil {
			delivered++
		}
	}
	// What was delivered is noted even when we stop: else it comes again.
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastNote)
	defer cancel()
	if err := r.c.Outbox.SettleEvents(noting, fates); err != nil {
		r.c.Logger.WarnContext(ctx, "events: what was sent could not be noted and will be sent again", "events", len(events), "err", err)
	}
	return len(events), delivered
}

// fate says what becomes of an event after a try.
func (r *Relay) fate(ctx context.Context, e store.Event, err error) store.Fate {
	now := time.Now()
	log := r.c.Logger.With("id", e.ID, "type", e.Kind, "tries", e.Tries)
	switch {
	case err == nil:
		r.c.Metrics.delivered(r.c.Name, now.Sub(e.At))
		return store.Fate{Seq: e.Seq, Settled: now}
	case ctx.Err() != nil: // we stop: another node goes on at once
		return store.Fate{Seq: e.Seq, Again: now}
	case errors.Is(err, ErrRefused) || e.Tries > len(r.c.Waits):
		r.c.Metrics.count.WithLabelValues(r.c.Name, "given_up").Inc()
		log.ErrorContext(ctx, "events: given up", "err", err)
		return store.Fate{Seq: e.Seq, Settled: now, GivenUp: true}
	}
	wait := r.c.Waits[max(e.Tries, 1)-1]
	wait += rand.N(wait/4 + 1)
	r.c.Metrics.count.WithLabelValues(r.c.Name, "failed_try").Inc()
	log.InfoContext(ctx, "events: trying again later", "in", wait, "err", err)
	return store.Fate{Seq: e.Seq, Again: now.Add(wait)}
}

func (r *Relay) purge(ctx context.Context) {
	now := time.Now()
	if _, err := r.c.Outbox.PurgeEvents(ctx, now.Add(-r.c.Keep), now.Add(-r.c.Oldest), purgeRows); err != nil && ctx.Err() == nil {
		r.c.Logger.DebugContext(ctx, "events: purge", "err", err)
	}
}

// Fail is what Deliver answers when all events failed for one reason.
func Fail(n int, format string, args ...any) []error {
	return slices.Repeat([]error{fmt.Errorf(format, args...)}, n)
}
