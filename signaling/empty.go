package signaling

import (
	"context"
	"time"
)

// emptyEvery is how often some are asked to go.
const emptyEvery = 20 * time.Millisecond

// empty asks all clients to go to other nodes, and returns when all have gone with their media, or so long before ctx is over that the
// rest can be closed.
func (h *Hub) empty(ctx context.Context) {
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(time.Hour)
	}
	until = until.Add(-min(closing, time.Until(until)/4))
	ctx, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	sessions, _ := h.registry.all()
	pace := newPace(h.cfg.DrainRate, len(sessions), time.Until(until))
	h.log.Info("people are asked to go to other nodes", "sessions", len(sessions), "per_second", pace.rate, "within", time.Until(until).Round(time.Millisecond))
	tick := time.NewTicker(emptyEvery)
	defer tick.Stop()
	for asked := map[*session]bool{}; ; {
		n := pace.due(time.Now())
		for _, s := range sessions {
			if n > 0 && !asked[s] && s.post(move{time.Until(until)}) {
				asked[s] = true
				n--
			}
		}
		if len(sessions) == 0 && len(h.stays.sessions()) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			h.log.Warn("not all have gone to other nodes: they come there when their connections close", "sessions", len(sessions), "calls", len(h.stays.sessions()))
			return
		case <-tick.C:
		}
		sessions, _ = h.registry.all() // who had come in before and said hello only now is asked, too
	}
}

// closing is how much of the time is kept for those who have not gone.
const closing = 2 * time.Second

// pace says how many may be asked to go.
type pace struct {
	rate float64 // a second
	last time.Time
	owed float64
}

// newPace goes at a rate; faster when not all would be asked in two thirds of the time, since who is not asked has a break.
func newPace(rate, sessions int, within time.Duration) *pace {
	return &pace{rate: max(float64(rate), float64(sessions)/max(within.Seconds()*2/3, 0.001)), last: time.Now(), owed: 1}
}

// due is how many more may be asked now.
func (p *pace) due(now time.Time) (n int) {
	p.owed += now.Sub(p.last).Seconds() * p.rate
	p.last = now
	n = int(p.owed)
	p.owed -= float64(n)
	return n
}
