package udp

import "sync/atomic"

// Rate is what a session may send; what is more is dropped.
type Rate struct {
	Bits    int // per second
	Packets int // per second
}

// limit is a token bucket that holds one second's worth of tokens, as the time at which it would be full (GCRA).
type limit struct{ full atomic.Int64 }

// take takes n tokens of rate a second at a time in nanoseconds.
func (l *limit) take(now int64, n, rate int) bool {
	const second = 1_000_000_000
	cost := int64(n) * second / int64(rate)
	for {
		full := l.full.Load()
		next := max(full, now) + cost
		if next-now > second {
			return false
		}
		if l.full.CompareAndSwap(full, next) {
			return true
		}
	}
}
