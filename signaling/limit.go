package signaling

import (
	"context"
	"time"

	"passerby/signaling/protocol"
)

// bucket is a token bucket. It is not safe for concurrent use.
type bucket struct {
	rate   float64 // tokens per second
	burst  float64 // most tokens
	tokens float64
	last   time.Time
}

func newBucket(rate float64, burst int, now time.Time) bucket {
	return bucket{rate: rate, burst: float64(burst), tokens: float64(burst), last: now}
}

// take takes one token; when there is none it answers how long until there is.
func (b *bucket) take(now time.Time) (wait time.Duration, ok bool) {
	if elapsed := now.Sub(b.last); elapsed > 0 {
		b.tokens = min(b.burst, b.tokens+elapsed.Seconds()*b.rate)
		b.last = now
	}
	if b.tokens >= 1 {
		b.tokens--
		return 0, true
	}
	return time.Duration((1 - b.tokens) / b.rate * float64(time.Second)), false
}

// excess is the error for a message by which the user does something too often, on whichever node.
func (s *session) excess(m protocol.Message) *protocol.Error {
	var own, common Act
	switch m.(type) {
	case *protocol.Find, *protocol.Next:
		own, common = ActFind, ActNetworkFind
	case *protocol.Report:
		own, common = ActReport, ActNetworkReport
	}
	if own == "" || s.hub.deps.Allow == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	if own == ActFind {
		if s.recall(ctx); s.suspect {
			own = ActSlowFind
		}
	}
	ok, wait := s.hub.deps.Allow(ctx, own, s.self.User)
	if ok && s.conn != nil && s.conn.network.IsValid() {
		ok, wait = s.hub.deps.Allow(ctx, common, s.conn.network.String())
	}
	if ok {
		return nil
	}
	return protocol.Errorf(protocol.RateLimited, "too many of these; wait a moment").Re(m.Request()).After(wait)
}

// verdict is what a limiter says of one message.
type verdict int

const (
	pass    verdict = iota
	limited         // drop it and say so
	flooded         // close the connection
)

// limiter accepts messages at a rate, refuses those above it, and gives up on who
// keeps sending regardless: the refusals have a bucket of the same size.
type limiter struct{ accept, refuse bucket }

func newLimiter(cfg Config, now time.Time) limiter {
	return limiter{
		accept: newBucket(cfg.MessagesPerSecond, cfg.Burst, now),
		refuse: newBucket(cfg.MessagesPerSecond, cfg.Burst, now),
	}
}

// judge decides on one message; wait says when the next would pass.
func (l *limiter) judge(now time.Time) (v verdict, wait time.Duration) {
	wait, ok := l.accept.take(now)
	if ok {
		return pass, 0
	}
	if _, ok := l.refuse.take(now); ok {
		return limited, wait
	}
	return flooded, wait
}

// judgeChannel decides on one message of the data channel.
func (s *session) judgeChannel(now time.Time) (v verdict, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel == nil {
		l := newLimiter(s.hub.cfg, now)
		s.channel = &l
	}
	return s.channel.judge(now)
}
