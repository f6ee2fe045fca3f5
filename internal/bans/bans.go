// Package bans knows who is banned, in memory: asking costs no call, and the bans of before hold while the database is away.
//
// A [Book] follows the store: every node looks each [Every] for what changed, wherever it was changed, and says so, so that the node can
// end the sessions of who is banned now. Safe for concurrent use; Run ends with its context.
package bans

import (
	"context"
	"slices"
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
)

// Source is where bans are kept.
type Source interface {
	BansChanged(ctx context.Context, since time.Time, limit int) ([]store.Ban, error)
}

// Book is the bans that hold.
type Book struct {
	source  Source
	changed func()      // called after bans came; must not block
	failed  func(error) // called when the store does not answer

	mu        sync.RWMutex // guards what follows
	byID      map[string]store.Ban
	byUser    map[string][]string // ids
	byNetwork map[string][]string // ids

	since time.Time // owned by Run
}

// New makes a Book that is empty until Run.
func New(source Source, changed func(), failed func(error)) *Book {
	return &Book{source: source, changed: changed, failed: failed, byID: map[string]store.Ban{}, byUser: map[string][]string{}, byNetwork: map[string][]string{}}
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
		old, known := b.byID[ban.ID]
		if known && old.Changed.Equal(ban.Changed) && slices.Equal(old.Exempt, ban.Exempt) {
			continue
		}
		if known {
			b.drop(old)
		}
		if ban.Active(now) {
			b.byID[ban.ID] = ban
			enter(b.byUser, ban.User, ban.ID)
			enter(b.byNetwork, ban.Network, ban.ID)
			news = true
		}
	}
	return news
}

func enter(index map[string][]string, name, id string) {
	if name != "" {
		index[name] = append(index[name], id)
	}
}

// drop is called with mu held.
func (b *Book) drop(ban store.Ban) {
	delete(b.byID, ban.ID)
	for name, index := range map[string]map[string][]string{ban.User: b.byUser, ban.Network: b.byNetwork} {
		if left := slices.DeleteFunc(index[name], func(id string) bool { return id == ban.ID }); len(left) > 0 {
			index[name] = left
		} else {
			delete(index, name)
		}
	}
}

// Check answers the ban that holds somebody for longest, by his id or by the names of the networks that he is in.
func (b *Book) Check(user string, networks []string, now time.Time) (longest store.Ban, banned bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	consider := func(ids []string, byNetwork bool) {
		for _, id := range ids {
			ban := b.byID[id]
			if !ban.Active(now) || slices.Contains(ban.Exempt, user) && (byNetwork || ban.User != user) {
				continue
			}
			if !banned || !longest.Until.IsZero() && (ban.Until.IsZero() || ban.Until.After(longest.Until)) {
				longest, banned = ban, true
			}
		}
	}
	consider(b.byUser[user], false)
	if len(b.byNetwork) > 0 {
		for _, n := range networks {
			consider(b.byNetwork[n], true)
		}
	}
	return longest, banned
}

// Networks says whether any network is banned: only then is it worth naming those of a caller.
func (b *Book) Networks() bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.byNetwork) > 0
}
