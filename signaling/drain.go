package signaling

import (
	"context"
	"fmt"
	"time"

	"passerby/signaling/machine"
)

// Drain shuts the node down gently: no new matches from now on; who waits is told
// "draining"; running matches go on for Config.DrainGrace and are then ended with
// "drain"; then every connection is closed. It returns when all sessions are gone or
// when ctx is over. Run goes on until its own context is over.
//
// With a Store nothing ends: no connection is taken in any more, clients are asked to go
// to other nodes, Config.DrainRate of them a second, and find and meet people here until
// they have gone. Who has not gone when the time is nearly over comes to another node when
// his connection closes.
func (h *Hub) Drain(ctx context.Context) error {
	began := time.Now()
	h.drainBegan.Store(&began)
	if h.deps.Store != nil {
		h.emptying.Store(true)
		h.empty(ctx)
		return h.close(ctx)
	}
	h.draining.Store(true)
	if h.cfg.DrainGrace > 0 {
		h.each(ctx, machine.Drain{Spare: true, RetryAfter: h.cfg.RetryAfter})
		h.calm(ctx)
	}
	h.each(ctx, machine.Drain{RetryAfter: h.cfg.RetryAfter})
	return h.close(ctx)
}

// gaveAway counts a session that leaves a draining node.
func (h *Hub) gaveAway(way string) {
	if h.emptying.Load() {
		h.metrics.drained.WithLabelValues(way).Inc()
	}
}

// drainSeconds is how long the node drains already; 0 while it does not.
func (h *Hub) drainSeconds() float64 {
	if began := h.drainBegan.Load(); began != nil {
		return time.Since(*began).Seconds()
	}
	return 0
}

// calm waits until no match runs, the grace is over, or ctx is.
func (h *Hub) calm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, h.cfg.DrainGrace)
	defer cancel()
	look := time.NewTicker(max(h.cfg.DrainGrace/100, time.Millisecond))
	defer look.Stop()
	for h.phases[machine.Matched].Load() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// close ends every session and connection and takes nobody in. It returns when all
// are gone, or with an error when ctx is over first.
func (h *Hub) close(ctx context.Context) error {
	h.draining.Store(true)
	h.registry.close()
	if h.deps.Store != nil {
		h.each(ctx, release{})
	} else {
		h.each(ctx, quit{})
	}
	sessions, conns := h.registry.all()
	left := 0
	for _, s := range sessions {
		left += awaited(ctx, s.done)
	}
	for _, c := range conns { // those of sessions are closing already
		c.depart(closeGoingAway)
	}
	for _, c := range conns {
		left += awaited(ctx, c.done)
	}
	if left > 0 {
		return fmt.Errorf("close signalling: %d sessions and connections were not gone in time: %w", left, ctx.Err())
	}
	return nil
}

// awaited waits for done; 1 when ctx is over first.
func awaited(ctx context.Context, done <-chan struct{}) int {
	select {
	case <-done:
		return 0
	case <-ctx.Done():
		return 1
	}
}

// each hands a letter to every session.
func (h *Hub) each(ctx context.Context, letter any) {
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		s.deliver(ctx, letter)
	}
}
