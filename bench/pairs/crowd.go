package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"passerby/match"
	"passerby/match/redis"
)

// callers is how many people call at the same moment: load, so that calls share batches.
const callers = 256

// crowd is a population and the nodes that it is on. People of one side never fit each other, so the depth stays.
type crowd struct {
	nodes []*redis.Queue // the first leads
	stop  func()
	all   bool // all wishes, or only the gender that makes the two sides
	mu    sync.Mutex
	rng   *rand.Rand
	tags  *rand.Zipf
	n     atomic.Int64
}

func newCrowd(ctx context.Context, client goredis.UniversalClient, nodes int, all bool, seed uint64) (*crowd, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	c := &crowd{all: all, rng: rng, tags: rand.NewZipf(rng, 1.1, 1, 4999)}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	c.stop = func() { cancel(); running.Wait() }
	for range nodes {
		q, err := redis.New(client, redis.Config{Config: match.Config{Confirm: time.Hour, Lease: time.Hour}})
		if err != nil {
			c.stop()
			return nil, err
		}
		running.Go(func() { _ = q.Run(ctx) })
		<-q.Listening()
		if _, err := q.Renew(ctx, "nobody"); err != nil {
			c.stop()
			return nil, err
		}
		c.nodes = append(c.nodes, q)
	}
	return c, nil
}

var languages = []string{"", "", "", "", "", "en", "en", "en", "de", "fr", "es", "pt", "tr"}

// wish of one side: men who seek women, or women (and a few others) who seek men or anyone.
func (c *crowd) wish(man bool) match.Wish {
	w := match.Wish{Mode: match.Video, Gender: match.Female, Seeking: []match.Gender{match.Male}}
	if man {
		w.Gender, w.Seeking = match.Male, []match.Gender{match.Female}
	}
	if !c.all {
		return w
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if man {
		if c.rng.IntN(3) == 0 {
			w.Seeking = []match.Gender{match.Female, match.Other}
		}
	} else if c.rng.IntN(100) < 60 {
		w.Seeking = nil
	}
	w.Language = languages[c.rng.IntN(len(languages))]
	w.Widen = c.rng.IntN(4) == 0
	for range c.rng.IntN(6) {
		w.Tags = append(w.Tags, fmt.Sprint("tag", c.tags.Uint64()))
	}
	return w
}

// arrive lets one person arrive on the next node who has waited for long enough to take anyone.
func (c *crowd) arrive(ctx context.Context, man bool) (string, match.Standing, error) {
	n := c.n.Add(1)
	return c.arriveOn(ctx, c.nodes[n%int64(len(c.nodes))], n, man)
}

func (c *crowd) arriveOn(ctx context.Context, q *redis.Queue, n int64, man bool) (string, match.Standing, error) {
	name := fmt.Sprintf("session-%016x", n)
	s, err := q.Arrive(ctx, match.Ticket{
		Session: name, User: "user-" + name[8:], Node: "node-1", Wish: c.wish(man), Since: time.Now().Add(-time.Minute),
		Key: "p256:BHc2Jb4yWbpgdVhQ2o1ks0CzMv6hQ0mM3wCwPvX1v8m0i5b3E1g8cQyQ3m4bqk0hQxJ9cKj1oJ2b6b7n8d9e0f1g",
	})
	return name, s, err
}

// each runs work n times, by many callers at once.
func each(n int, work func() error) error {
	var left atomic.Int64
	left.Store(int64(n))
	errs := make(chan error, callers)
	for range callers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := work(); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for range callers {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
