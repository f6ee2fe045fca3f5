package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/bench/internal/cputime"
)

// measureQuiet times single calls, with 10,000 waiting.
func measureQuiet(ctx context.Context, client *redis.Client) (string, error) {
	if err := client.FlushAll(ctx).Err(); err != nil {
		return "", err
	}
	c, err := newCrowd(ctx, client, 2, true, 1)
	if err != nil {
		return "", err
	}
	defer c.stop()
	if err := each(10000, func() error { _, _, err := c.arrive(ctx, true); return err }); err != nil {
		return "", err
	}
	var took [3][]time.Duration
	timed := func(i int, f func() error) error {
		start := time.Now()
		err := f()
		took[i] = append(took[i], time.Since(start))
		return err
	}
	for i := range 2000 {
		if err := timed(0, func() error { return client.Ping(ctx).Err() }); err != nil {
			return "", err
		}
		for j, q := range c.nodes {
			if err := timed(1+j, func() error { _, _, err := c.arriveOn(ctx, q, c.n.Add(1), i%2 == 0); return err }); err != nil {
				return "", err
			}
		}
		time.Sleep(time.Millisecond)
	}
	at := func(d []time.Duration, share float64) int64 { return d[int(share*float64(len(d)-1))].Microseconds() }
	var line strings.Builder
	fmt.Fprint(&line, "quiet, one call at a time, 10000 waiting:")
	for i, what := range []string{"PING", "arrival on the node that leads", "on another"} {
		slices.Sort(took[i])
		fmt.Fprintf(&line, " %s p50 %d µs, p99 %d µs;", what, at(took[i], 0.5), at(took[i], 0.99))
	}
	return line.String() + "\n", nil
}

// measureTakeover is how long the first call takes after the node that led has stopped, and how long this process works for it.
func measureTakeover(ctx context.Context, client *redis.Client, depth int) (took, worked time.Duration, err error) {
	if err := client.FlushAll(ctx).Err(); err != nil {
		return 0, 0, err
	}
	c, err := newCrowd(ctx, client, 1, true, 1)
	if err != nil {
		return 0, 0, err
	}
	err = each(depth, func() error { _, _, err := c.arrive(ctx, true); return err })
	if c.stop(); err != nil {
		return 0, 0, err
	}
	before, err := cputime.Of(os.Getpid())
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	c, err = newCrowd(ctx, client, 1, true, 1)
	if err != nil {
		return 0, 0, err
	}
	defer c.stop()
	took = time.Since(start)
	after, err := cputime.Of(os.Getpid())
	return took, after - before, err
}
