// Package bans knows who is banned, in memory: asking costs no call, and the bans of before hold while the database is away.
//
// A [Book] follows the store: every node looks each [Every] for what changed, wherever it was changed, and says so, so that the node can
// end the sessions of who is banned now. Safe for concurrent use; Run ends with its context.
package bans

import (
	"context"
	"sync"
	"time"

	"passerby/internal/store"
)

const (
	// Every is how often the store is asked.
	Every = 2 * time.Second
	// overlap is how far back it is asked again: nodes' clocks differ, and a transaction may show later than its time.
	overlap = time.Minute
	batch   = 1000
	// sweepEvery is how often bans that are over are forgotten; they hold nobody before.
	sweepEvery = 10 * time.Minute
)

// Source is where bans are kept.
type Source interface {
	BansChanged(ctx context.Context, since time.Time, limit int) ([]store.Ban, error)
}

// Book is the bans that hold. It keeps of each what Check needs, under 300 bytes, so that a million are no trouble; the rest is asked of the
// store when somebody is told.
type Book struct {
	source  Source
	changed func()      // called after bans came; must not block
	failed  func(error) // called when the store does not answer

	mu        sync.RWMutex // guards what follows
	byID      map[name]held
	byUser    map[name]ids
	byNetwork map[name]ids
	odd       map[name]string // ids that are not as store.NewID makes them
	reasons   []string        // that held points to

	since time.Time // owned by Run
	swept time.Time // owned by Run
}

// Held is what a Book knows of a ban.
type Held struct {
	ID     string
	Reason string
	Until  time.Time // zero: for good
}

// New makes a Book that is empty until Run.
func New(source Source, changed func(), failed func(error)) *Book {
	return &Book{source: source, changed: changed, failed: failed, byID: map[name]held{}, byUser: map[name]ids{}, byNetwork: map[name]ids{}, odd: map[name]string{}}
}

// Run follows the store until ctx is over.
func (b *Book) Run(ctx context.Context) error {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		if err := b.Follow(ctx); err != nil && ctx.Err() == nil {
			b.failed(err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Follow reads once what has changed. Only one goroutine may call it.
func (b *Book) Follow(ctx context.Context) error {
	from, limit := b.since, batch
	if !from.IsZero() {
		from = from.Add(-overlap)
	}
	more := false
	for {
		bans, err := b.source.BansChanged(ctx, from, limit)
		if err != nil {
			return err
		}
		more = b.take(bans) || more
		if len(bans) < limit {
			break
		}
		if last := bans[len(bans)-1].Changed; last.After(from) {
			from = last
		} else {
			limit *= 2 // that many changed in one moment
		}
	}
	b.sweep(time.Now())
	if more {
		b.changed()
	}
	return nil
}

// take brings the book up to date and answers whether anything is new in it.
func (b *Book) take(bans []store.Ban) (news bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for _, ban := range bans {
		if ban.Changed.After(b.since) {
			b.since = ban.Changed
		}
		id, fresh := nameOfID(ban.ID), b.hold(ban)
		old, known := b.byID[id]
		if known && old.same(fresh) {
			continue
		}
		if known {
			b.drop(id, old)
		}
		if ban.Active(now) {
			if id.String() != ban.ID {
				b.odd[id] = ban.ID
			}
			b.byID[id] = fresh
			enter(b.byUser, fresh.user, id)
			enter(b.byNetwork, fresh.network, id)
			news = true
		}
	}
	return news
}

// sweep forgets bans that are over, now and then.
func (b *Book) sweep(now time.Time) {
	if now.Sub(b.swept) < sweepEvery {
		return
	}
	b.swept = now
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, h := range b.byID {
		if h.over(now) {
			b.drop(id, h)
		}
	}
}

// drop is called with mu held.
func (b *Book) drop(id name, h held) {
	delete(b.byID, id)
	delete(b.odd, id)
	leave(b.byUser, h.user, id)
	leave(b.byNetwork, h.network, id)
}

// Check answers the ban that holds somebody for longest, by his id or by the names of the networks that he is in.
func (b *Book) Check(user string, networks []string, now time.Time) (longest Held, banned bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	who := nameOf(user)
	var best name
	var found held
	consider := func(i ids, byNetwork bool) {
		for id := range i.all() {
			h := b.byID[id]
			if h.over(now) || h.exempts(who) && (byNetwork || h.user != who) {
				continue
			}
			if !banned || found.until != 0 && (h.until == 0 || h.until > found.until) {
				best, found, banned = id, h, true
			}
		}
	}
	if user != "" {
		consider(b.byUser[who], false)
	}
	if len(b.byNetwork) > 0 {
		for _, n := range networks {
			consider(b.byNetwork[nameOf(n)], true)
		}
	}
	if !banned {
		return Held{}, false
	}
	longest = Held{ID: best.String(), Reason: b.reasons[found.reason]}
	if odd, ok := b.odd[best]; ok {
		longest.ID = odd
	}
	if found.until != 0 {
		longest.Until = time.UnixMilli(found.until).UTC()
	}
	return longest, true
}

// Networks says whether any network is banned: only then is it worth naming those of a caller.
func (b *Book) Networks() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.byNetwork) > 0
}

// Len is how many bans the book holds.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.byID)
}
