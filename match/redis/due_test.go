package redis_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
)

// Leases that end in the same millisecond end for all, also when they are more than are handled at once.
func TestManyLeasesEndAtOnce(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	var mu sync.Mutex
	now := time.UnixMilli(time.Now().UnixMilli())
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	q := running(t, client, redis.Config{Config: match.Config{Now: clock, Sweep: time.Hour, Grace: time.Hour, Lease: 15 * time.Second}, Name: name})
	var all sync.WaitGroup
	for i := range 1200 {
		all.Go(func() {
			who := fmt.Sprint("p", i)
			arrive(t, q, who, who)
			if _, err := q.Renew(t.Context(), who); err != nil && i%3 == 0 {
				t.Error(err)
			}
		})
	}
	all.Wait()
	mu.Lock()
	now = now.Add(15 * time.Second)
	mu.Unlock()
	if s, err := q.Stats(t.Context()); err != nil || s.Waiting[match.Text] == 0 || s.Waiting[match.Text] == 1200 {
		t.Errorf("one call handles a part: %v, %v", s, err)
	}
	if err := q.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	audit(t, client, name)
	if left := client.HLen(t.Context(), "{"+name+"}:people").Val(); left != 0 {
		t.Errorf("%d of 1200 are there for ever", left)
	}
}
