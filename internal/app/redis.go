package app

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"time"

	"passerby/internal/redisdb"
	"passerby/match"
	queuememory "passerby/match/memory"
	queueredis "passerby/match/redis"
	"passerby/match/taste"
)

// openTimeout is how long Redis may take to answer at the start.
const openTimeout = 5 * time.Second

// runningQueue is either queue, as the server holds it.
type runningQueue interface {
	match.Queue
	Run(ctx context.Context) error
}

// openRedis opens the client that all parts share, if there is to be one.
func (s *Server) openRedis() (err error) {
	if s.cfg.Redis == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	s.redis, err = redisdb.Open(ctx, s.cfg.Redis)
	return err
}

// newQueue makes the queue. Its hints reach the hub, which is made from it: they go through s.
func (s *Server) newQueue() (runningQueue, error) {
	cfg := match.Config{Grace: orNone(s.cfg.Grace), Overflow: orNone(s.cfg.RegionOverflow), Rematch: orNone(s.cfg.Rematch), Notify: s.hint}
	if s.cfg.SmartMatching {
		cfg.Taste, cfg.Hold = &taste.Config{Seed: rand.Uint64()}, orNone(s.cfg.SmartHold)
	}
	if s.redis == nil {
		cfg.Capacity = s.cfg.MaxSessions
		q, err := queuememory.New(cfg)
		if err != nil || cfg.Taste == nil {
			return q, err
		}
		return learner{q, filepath.Join(s.cfg.DataDir, "taste.bin"), s.log}, nil
	}
	cfg.Lease = pairLease
	return queueredis.New(s.redis, queueredis.Config{Config: cfg, Logger: s.log})
}

// orNone is an operator's time as the queue and the hub want it: zero means none to the one, and a default to the others.
func orNone(d time.Duration) time.Duration { return max(d, time.Millisecond) }

// reachRedis opens a client and closes it again.
func reachRedis(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	client, err := redisdb.Open(ctx, url)
	if err != nil {
		return err
	}
	return client.Close()
}
