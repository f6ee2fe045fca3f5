package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/bench/internal/cputime"
	"passerby/bench/internal/redisserver"
	"passerby/internal/stack"
)

// kind is what some people do all the time, so that the server's work for one more can be told.
type kind struct {
	name    string
	unit    int // people in one of it
	share   int // of -people one in so many
	does    doing
	media   bool
	picture bool
	texts   time.Duration // between two of a person
	talk    time.Duration // mean
}

const never = 1000 * time.Hour

var kinds = []kind{
	{name: "idle: connected, no more", unit: 1, share: 1, does: idles, texts: never, talk: never},
	{name: "waiting for somebody", unit: 1, share: 1, does: waits, texts: never, talk: never},
	{name: "… with a peer connection, silent", unit: 1, share: 4, does: waits, media: true, texts: never, talk: never},
	{name: "pair, a text each 2 s from both", unit: 2, share: 1, texts: 2 * time.Second, talk: never},
	{name: "… and a Next each 5 s", unit: 2, share: 2, texts: 2 * time.Second, talk: 5 * time.Second},
	{name: "pair with sound", unit: 2, share: 5, media: true, texts: never, talk: never},
	{name: "pair with sound and picture", unit: 2, share: 20, media: true, picture: true, texts: never, talk: never},
}

// few is the share of people who are there first; the difference to all of them is what counts.
const few = 5

// cost is what one unit of a kind costs the server, and Redis.
type cost struct {
	Kind       string
	Round      int
	Few, Many  int     // units
	CPU        float64 // µs a second
	Memory     float64 // KiB that the heap grows to before it is collected, and stacks
	Live       float64 // KiB of these in use
	RSS        float64 // KiB resident; with few people less than what the server gave back meanwhile
	RedisCalls float64 // a second
	RedisCPU   float64 // µs a second
	RedisKiB   float64 // of memory
	Arrival    float64 // µs of CPU, once
	Matches    float64 // of a unit, a second
	Arrived    float64 // share of the packets sent; 1 where there are none
	Sent       float64 // share of the packets that should have been, as this machine came to it; 1 where there are none
	EmptyCPU   float64 // µs a second, of the node without anybody, reckoned
	EmptyRSS   float64 // MiB
	Busy       float64 // load average of the machine
}

// capacity measures all kinds, so many rounds.
func capacity(ctx context.Context, o options) error {
	found := &costs{Cores: runtime.NumCPU(), Seconds: o.length.Seconds()}
	for found.Rounds < o.rounds {
		for _, k := range kinds {
			c, err := k.measure(ctx, o)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			c.Round = found.Rounds + 1
			found.All = append(found.All, c)
			log.Printf("%-34s %d and %d: %.1f µs/s, %.1f KiB (live %.1f, RSS %.1f), Redis %.3f calls/s %.1f µs/s, arrival %.0f µs, %.2f matches/s, %.3f of the packets sent, %.3f come, load average %.1f",
				c.Kind, c.Few, c.Many, c.CPU, c.Memory, c.Live, c.RSS, c.RedisCalls, c.RedisCPU, c.Arrival, c.Matches, c.Sent, c.Arrived, c.Busy)
		}
		found.Rounds++
		if err := save(o.out, "capacity", found); err != nil { // what there is, if a later round fails
			return err
		}
	}
	fmt.Print(found.table())
	return nil
}

// crowd is people of one kind on a server of their own.
type crowd struct {
	kind
	run    *run
	server *server
	redis  *redis.Client
	people sync.WaitGroup
	n      int
}

func (k kind) measure(ctx context.Context, o options) (c cost, err error) {
	dir, err := os.MkdirTemp("", "load-redis")
	if err != nil {
		return c, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	r, err := stack.StartRedis(dir, io.Discard, "--save", "", "--appendonly", "no")
	if err != nil {
		return c, err
	}
	defer r.Kill()
	o.talk, o.texts, o.serverFlags = k.talk, k.texts, o.serverFlags+" --log-level error --redis "+r.URL()
	s, err := startServer(o)
	if err != nil {
		return c, err
	}
	defer s.stop()
	o.urls, o.admins = []string{s.url}, []string{s.admin}
	w := &crowd{kind: k, run: newRun(o), server: s, redis: redis.NewClient(&redis.Options{Addr: r.Addr, DisableIdentity: true})}
	defer func() { _ = w.redis.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer w.people.Wait()
	defer cancel()

	many := o.people / k.share / k.unit
	c = cost{Kind: k.name, Few: max(1, many/few), Many: many, Arrived: 1, Sent: 1}
	if c.Few == c.Many {
		return c, errors.New("give more -people")
	}
	if err := w.grow(ctx, c.Few*k.unit); err != nil {
		return c, err
	}
	a, err := w.look(ctx, o.length)
	if err != nil {
		return c, err
	}
	before, err := cputime.Of(s.cmd.Process.Pid)
	if err != nil {
		return c, err
	}
	began := time.Now()
	if err := w.grow(ctx, c.Many*k.unit); err != nil {
		return c, err
	}
	after, err := cputime.Of(s.cmd.Process.Pid)
	if err != nil {
		return c, err
	}
	took := time.Since(began).Seconds()
	b, err := w.look(ctx, o.length)
	if err != nil {
		return c, err
	}
	n := float64(c.Many - c.Few)
	c.CPU, c.RSS, c.Live, c.Memory = (b.cpu-a.cpu)/n, (b.rss-a.rss)/n/1024, (b.live-a.live)/n/1024, (b.goal-a.goal)/n/1024
	c.RedisCalls, c.RedisCPU, c.RedisKiB = (b.calls-a.calls)/n, (b.redisCPU-a.redisCPU)/n, (b.redisMemory-a.redisMemory)/n/1024
	c.Arrival = (float64((after - before).Microseconds()) - took*(a.cpu+b.cpu)/2) / n
	c.Matches = float64(b.Matches) / o.length.Seconds() / float64(c.Many)
	c.EmptyCPU, c.EmptyRSS = a.cpu-float64(c.Few)*c.CPU, (a.rss-float64(c.Few)*c.Memory*1024)/(1<<20)
	if sent := b.Sent + b.PicturesSent; sent > 0 {
		c.Arrived = float64(b.Heard+b.Pictures) / float64(sent)
		each := 1 / soundEvery.Seconds()
		if k.picture {
			each += framePackets / frameEvery.Seconds()
		}
		c.Sent = float64(sent) / (each * o.length.Seconds() * float64(c.Many*k.unit))
	}
	c.Busy = loadAverage()
	return c, nil
}

// grow brings people in until n are there and do what they shall.
func (w *crowd) grow(ctx context.Context, n int) error {
	for ; w.n < n; time.Sleep(20 * time.Millisecond) {
		w.n++
		p := &person{run: w.run, id: w.n, does: w.does, media: w.media, picture: w.picture}
		w.people.Go(func() { p.live(ctx) })
	}
	ready := func() bool {
		return w.run.online.Load() >= int64(n) && (!w.media || w.run.connected.Load() >= int64(n)) &&
			(w.does != talks || w.talk < never || w.run.matched.Load() >= int64(n))
	}
	for end := time.Now().Add(3 * time.Minute); !ready(); time.Sleep(50 * time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Now().After(end) {
			w.run.mu.Lock()
			defer w.run.mu.Unlock()
			return fmt.Errorf("of %d are %d online, %d with media, %d in talks; %v", n, w.run.online.Load(), w.run.connected.Load(), w.run.matched.Load(), w.run.errors)
		}
	}
	time.Sleep(2 * time.Second) // what came with them is done
	return nil
}

// seen is what a server does with a crowd; times and calls are µs and numbers a second, memory bytes.
type seen struct {
	cpu, redisCPU, calls float64
	rss, live, goal      float64
	redisMemory          float64
	counts
}

func (w *crowd) look(ctx context.Context, long time.Duration) (s seen, err error) {
	read := func() (cpu, redisCPU time.Duration, calls float64, c counts, err error) {
		if redisCPU, err = redisserver.CPU(ctx, w.redis); err != nil {
			return cpu, redisCPU, calls, c, err
		}
		commands, err := redisserver.Commands(ctx, w.redis, 1)
		if err != nil {
			return cpu, redisCPU, calls, c, err
		}
		for _, v := range commands {
			calls += v[0]
		}
		w.run.mu.Lock()
		c = w.run.total
		w.run.mu.Unlock()
		cpu, err = cputime.Of(w.server.cmd.Process.Pid)
		return cpu, redisCPU, calls, c, err
	}
	began := time.Now()
	cpu, redisCPU, calls, c, err := read()
	if err != nil {
		return s, err
	}
	select {
	case <-ctx.Done():
		return s, ctx.Err()
	case <-time.After(long):
	}
	cpu2, redisCPU2, calls2, c2, err := read()
	if err != nil {
		return s, err
	}
	took := time.Since(began).Seconds()
	s = seen{
		cpu: float64((cpu2 - cpu).Microseconds()) / took, redisCPU: float64((redisCPU2 - redisCPU).Microseconds()) / took, calls: (calls2 - calls) / took,
		counts: c2.minus(c),
	}
	answer, err := http.Get(w.server.admin + "/debug/pprof/heap?gc=1") // collects
	if err != nil {
		return s, err
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	u := w.run.scrape()
	s.rss, s.live, s.goal = u.rss, u.live, u.goal
	memory, err := w.redis.Info(ctx, "memory").Result()
	if err != nil {
		return s, err
	}
	_, memory, _ = strings.Cut(memory, "used_memory:")
	_, err = fmt.Sscan(memory, &s.redisMemory)
	return s, err
}
