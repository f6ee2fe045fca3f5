// Package limit holds token buckets by name, for limits such as "sessions per client address".
//
//	Allow("203.0.113.7") → true, or false and how long to wait
//
// It is safe for concurrent use and has nothing to close. The table is bounded: when it is full the buckets that have refilled are
// forgotten, which changes nothing for their owners; if none has, a new name is refused.
package limit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Buckets is a set of token buckets.
type Buckets struct {
	perSecond float64
	burst     int
	size      int
	now       func() time.Time

	mu      sync.Mutex // guards buckets
	buckets map[string]*rate.Limiter
}

// New returns Buckets that allow perSecond events a second and bursts of burst for each name, for at most size names at a time.
func New(perSecond float64, burst, size int) *Buckets {
	return &Buckets{perSecond: perSecond, burst: burst, size: size, now: time.Now, buckets: map[string]*rate.Limiter{}}
}

// Allow takes a token of the name's bucket. When there is none it returns false and when to try again.
func (b *Buckets) Allow(name string) (bool, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	l := b.buckets[name]
	if l == nil {
		if len(b.buckets) >= b.size && !b.forget(now) {
			return false, time.Second
		}
		l = rate.NewLimiter(rate.Limit(b.perSecond), b.burst)
		b.buckets[name] = l
	}
	r := l.ReserveN(now, 1)
	if d := r.DelayFrom(now); d > 0 {
		r.CancelAt(now)
		return false, d
	}
	return true, 0
}

func (b *Buckets) forget(now time.Time) bool {
	for name, l := range b.buckets {
		if l.TokensAt(now) >= float64(b.burst) {
			delete(b.buckets, name)
		}
	}
	return len(b.buckets) < b.size
}
