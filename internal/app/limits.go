package app

import (
	"context"
	"time"

	"passerby/internal/limit"
	limitredis "passerby/internal/limit/redis"
	"passerby/signaling"
)

// namesHeld is how many names a limit in memory knows at a time.
const namesHeld = 100_000

// allower says whether one more event of a name is allowed, and else how long to wait.
type allower func(ctx context.Context, name string) (bool, time.Duration)

// newLimit makes a limit that all nodes share; without Redis, or while it is away, this node counts for itself.
func (s *Server) newLimit(kind string, perSecond float64, burst int) allower {
	own := limit.New(perSecond, burst, namesHeld)
	if s.redis == nil {
		return func(_ context.Context, name string) (bool, time.Duration) { return own.Allow(name) }
	}
	shared := limitredis.New(s.redis, kind, perSecond, burst)
	return func(ctx context.Context, name string) (bool, time.Duration) {
		ok, wait, err := shared.Allow(ctx, name)
		if err != nil {
			s.log.Debug("shared limit", "error", err)
			return own.Allow(name)
		}
		return ok, wait
	}
}

// userLimits bounds what one user may do, on however many nodes and in however many tabs.
func (s *Server) userLimits() func(ctx context.Context, act signaling.Act, user string) (bool, time.Duration) {
	limits := map[signaling.Act]allower{
		signaling.ActFind:   s.newLimit("finds", 1, 60), // finds and skips: one a second, sixty at once
		signaling.ActReport: s.newLimit("reports", 1.0/30, 10),
		// Who behaves like a program waits 10 s between two strangers; it cannot do much harm so, and a person mistaken for one can go on.
		signaling.ActSlowFind: s.newLimit("slow-finds", 1.0/10, 2),
		// A school or a mobile network behind one address has its own people in mind, not its own farm.
		signaling.ActNetworkFind:   s.newLimit("network-finds", 20, 600),
		signaling.ActNetworkReport: s.newLimit("network-reports", 1.0/5, 60),
	}
	return func(ctx context.Context, act signaling.Act, user string) (bool, time.Duration) {
		return limits[act](ctx, user)
	}
}
