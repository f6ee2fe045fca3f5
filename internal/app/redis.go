package app

import (
	"context"
	"time"

	"passerby/internal/redisdb"
	"passerby/match"
	queuememory "passerby/match/memory"
	queueredis "passerby/match/redis"
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
	cfg := match.Config{Grace: orNone(s.cfg.Grace), Rematch: orNone(s.cfg.Rematch), Notify: s.hint}
	if s.redis == nil {
		cfg.Capacity = s.cfg.MaxSessions
		return queuememory.New(cfg)
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
