// Package limit holds token buckets by name, for limits such as "sessions per client address".
//
//	Allow("203.0.113.7") → true, or false and how long to wait
//
// Of each bucket it keeps one number, the time at which it will be full again (the generic cell rate algorithm, as internal/limit/redis
// does), in two tables: what is used moves to the young one, and after the time in which any bucket fills the old one is dropped whole.
// So a call costs the same however many names there are, and nobody notices that he was forgotten.
//
// It is safe for concurrent use and has nothing to close. When full, it forgets those first who were not seen for longest, even if their
// buckets are not full yet: whoever comes from countless addresses defeats a limit by address anyway, and must not shut others out.
package limit

import (
	"sync"
	"time"
)

// Buckets is a set of token buckets.
type Buckets struct {
	interval time.Duration // between two events
	depth    time.Duration // in which an empty bucket fills
	half     int           // names in one table
	began    time.Time     // times below are since then

	mu         sync.Mutex // guards what follows
	young, old map[string]time.Duration
	turned     time.Duration // when old was young
}

// New returns Buckets that allow perSecond events a second and bursts of burst for each name, for at most size names at a time.
func New(perSecond float64, burst, size int) *Buckets {
	interval := time.Duration(float64(time.Second) / perSecond)
	return &Buckets{
		interval: interval, depth: time.Duration(burst) * interval, half: max(1, size/2), began: time.Now(),
		young: map[string]time.Duration{},
	}
}

// Allow takes a token of the name's bucket. When there is none it returns false and when to try again.
func (b *Buckets) Allow(name string) (bool, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Since(b.began)
	full, known := b.young[name]
	if !known {
		full = b.old[name]
		b.turn(now)
	}
	full = max(full, now)
	wait := full + b.interval - now - b.depth
	if wait <= 0 {
		full += b.interval
	}
	b.young[name] = full
	return wait <= 0, max(wait, 0)
}

// turn makes room for one more name: it drops the old table if it is time, or if the young one has no room. It is called with mu held.
func (b *Buckets) turn(now time.Duration) {
	if len(b.young) >= b.half || now-b.turned >= b.depth {
		b.young, b.old, b.turned = map[string]time.Duration{}, b.young, now
	}
}
