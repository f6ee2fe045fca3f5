package redis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/matchtest"
	"passerby/match/redis"
)

var queues atomic.Int64

// newName names a queue of its own within a Redis that tests share.
func newName() string { return fmt.Sprint("test-", queues.Add(1)) }

func newClient(t testing.TB, addrs ...string) goredis.UniversalClient {
	t.Helper()
	client := goredis.NewUniversalClient(&goredis.UniversalOptions{Addrs: addrs, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// running makes a queue and runs it until the test ends; it returns when hints come through.
func running(t testing.TB, client goredis.UniversalClient, cfg redis.Config) *redis.Queue {
	t.Helper()
	q, err := redis.New(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	run(t, q)
	return q
}

// run runs a queue until the test ends; it returns when hints come through.
func run(t testing.TB, q *redis.Queue) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	select {
	case <-q.Listening():
	case <-time.After(10 * time.Second):
		t.Fatal("the queue does not listen")
	}
}

// onTheTestsClock is the suite's factory for queues that take the suite's clock.
func onTheTestsClock(client goredis.UniversalClient) matchtest.Factory {
	return func(t testing.TB, cfg match.Config) matchtest.Subject {
		cfg.Sweep = time.Hour // the suite sweeps
		q := running(t, client, redis.Config{Config: cfg, Name: newName()})
		return matchtest.Subject{Queue: q, Sweep: q.Sweep}
	}
}

func TestConformance(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	matchtest.Run(t, onTheTestsClock(client))
}
