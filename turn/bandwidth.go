package turn

import (
	"sync/atomic"
	"time"
)

// Limits of bandwidth count the payload, and each way for itself. A packet beyond one is dropped, which is how calls learn to send less; what a TCP relay
// carries waits.

// Ways that packets go.
const (
	toPeer = iota
	toClient
)

// Of what a limit was reached, in relayCount.limited.
const (
	limitAllocation = iota
	limitUser
	limitServer
	limits
)

const (
	leastRate  = 8000                   // bits a second
	mostRate   = 1000 * 1000000000      // a packet takes whole nanoseconds still
	burstTime  = 500 * time.Millisecond // what may go at once, as time at the rate …
	burstBytes = 16 << 10               // … but so much at least
	shareTime  = 10 * time.Millisecond  // of the server's rate, taken by a shard at once …
	mostShare  = 1 << 20                // … but so many bytes at most
)

// rate is a limit; the zero value is none.
type rate struct {
	bits  int64         // a second
	burst time.Duration // what may go at once
}

func newRate(bits int64) rate {
	if bits == 0 {
		return rate{}
	}
	r := rate{bits: bits}
	r.burst = max(burstTime, r.lasts(burstBytes))
	return r
}

// lasts is how long so many bytes take.
func (r rate) lasts(bytes int) time.Duration {
	return time.Duration(int64(bytes) * 8 * int64(time.Second) / r.bits)
}

// bucket is what is left of a rate: the time at which it will be whole again. It is safe for concurrent use, without a lock.
type bucket struct{ whole atomic.Int64 }

// take takes so many bytes and reports true; or takes nothing if there are not as many.
func (b *bucket) take(r rate, bytes int, now time.Duration) bool { return b.lacks(r, bytes, now) <= 0 }

// lacks is take, and tells how long it would be until there are as many: 0 or less when they were taken.
func (b *bucket) lacks(r rate, bytes int, now time.Duration) time.Duration {
	for {
		was := b.whole.Load()
		whole := max(time.Duration(was), now) + r.lasts(bytes)
		if lack := whole - now - r.burst; lack > 0 || b.whole.CompareAndSwap(was, int64(whole)) {
			return lack
		}
	}
}

// back gives them back.
func (b *bucket) back(r rate, bytes int) { b.whole.Add(-int64(r.lasts(bytes))) }

// bandwidth is the limits of a server, and what is left of that of all.
type bandwidth struct {
	allocation, user, server rate
	share                    int // bytes that a shard takes of the server's at once
	left                     [2]bucket
}

// newBandwidth is nil when there is no limit.
func newBandwidth(c Config) *bandwidth {
	if c.MaxBandwidth == 0 && c.MaxUserBandwidth == 0 && c.MaxTotalBandwidth == 0 {
		return nil
	}
	return &bandwidth{
		allocation: newRate(c.MaxBandwidth), user: newRate(c.MaxUserBandwidth), server: newRate(c.MaxTotalBandwidth),
		share: min(max(int(c.MaxTotalBandwidth/8*int64(shareTime)/int64(time.Second)), 2*maxDatagram), mostShare),
	}
}

// meter is what is left of the limits of an allocation, and of its user.
type meter struct {
	left [2]bucket
	user *account
}

// lets reports whether n bytes more may go one way, and counts the packet when not.
func (s *shard) lets(m *meter, way, n int) bool {
	l := s.server.limits
	switch {
	case l.allocation.bits != 0 && !m.left[way].take(l.allocation, n, s.now):
		s.count.limited[limitAllocation]++
	case l.user.bits != 0 && !m.user.left[way].take(l.user, n, s.now):
		if l.allocation.bits != 0 {
			m.left[way].back(l.allocation, n)
		}
		s.count.limited[limitUser]++
	case l.server.bits != 0 && !s.shares(way, n):
		if l.allocation.bits != 0 {
			m.left[way].back(l.allocation, n)
		}
		if l.user.bits != 0 {
			m.user.left[way].back(l.user, n)
		}
		s.count.limited[limitServer]++
	default:
		return true
	}
	return false
}

// shares takes from what this shard has of the server's rate, so that shards seldom touch what they have in common.
func (s *shard) shares(way, n int) bool {
	l := s.server.limits
	if s.spare[way] < n {
		if !l.left[way].take(l.server, l.share, s.now) {
			return false
		}
		s.spare[way] += l.share
	}
	s.spare[way] -= n
	return true
}

// toll is what a direction of a TCP relay takes from for each byte: an end that has a client counts as the allocation's, the user's and the server's.
type toll []struct {
	rate
	*bucket
}

// newToll is nil without limits.
func (l *bandwidth) newToll(from, to *end) (t toll) {
	if l == nil {
		return nil
	}
	for way, e := range [2]*end{toPeer: from, toClient: to} {
		if e.a == nil {
			continue
		}
		m := e.a.meter
		for _, x := range (toll{{l.allocation, &m.left[way]}, {l.user, &m.user.left[way]}, {l.server, &l.left[way]}}) {
			if x.bits != 0 {
				t = append(t, x)
			}
		}
	}
	return t
}

// lacks takes so many bytes, burstBytes at most, from all, and returns 0; or nothing, and how long to wait before the next try.
func (t toll) lacks(bytes int, now time.Duration) time.Duration {
	for i, x := range t {
		if lack := x.bucket.lacks(x.rate, bytes, now); lack > 0 {
			for _, taken := range t[:i] {
				taken.back(taken.rate, bytes)
			}
			return lack
		}
	}
	return 0
}
