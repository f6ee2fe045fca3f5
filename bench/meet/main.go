// Command meet measures M2: how well people are matched, and how true the estimates are.
//
//	go run ./bench/meet [-seeds 3] [-queues memory,redis] [-rates 1,5,50]
//
// People arrive by Poisson's law, with tags by Zipf's, and leave after a minute. Time is simulated, the queues are real.
// Of those with tags: the share who met somebody with a common tag while neither had waited for longer than 10 s,
// divided by the same share in a maximum matching that knows the future. Beside it: a plain first-in, first-out queue that
// takes whoever fits at once. The estimate is the one told on arrival; it is true when it neither flatters nor frightens:
// a median of told ÷ waited near 1, and about half matched before their time.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"passerby/bench/internal/redisserver"
	"passerby/match"
	"passerby/match/memory"
	"passerby/match/redis"
)

// outcome is what one queue made of one population.
type outcome struct {
	Queue          string
	Rate           float64
	Seed           uint64
	Shared         float64 // of people with tags: met by a common one in time
	OfOptimum      float64
	P50, P95       float64 // seconds waited by the matched
	Unmatched      float64
	Overdue        int     // pairs seen that both waited past grace and fit each other
	ToldOverWaited float64 // median
	InTime         float64 // share matched before the estimate
	WithinTwice    float64 // share for whom the estimate was right by a factor of two
	Told           int
}

// sizes are the people for each rate of arrival.
var sizes = map[float64]int{1: 1500, 5: 3000, 50: 5000}

func main() {
	seeds := flag.Int("seeds", 3, "populations for each rate")
	queues := flag.String("queues", "memory,redis", "which queues")
	rates := flag.String("rates", "1,5,50", "arrivals a second")
	out := flag.String("out", "bench/out", "where the JSON goes")
	flag.Parse()
	all, err := run(*seeds, *queues, *rates)
	if err != nil {
		log.Fatal(err)
	}
	show(all)
	if err := os.MkdirAll(*out, 0o755); err != nil {
		log.Fatal(err)
	}
	data, _ := json.MarshalIndent(all, "", " ")
	if err := os.WriteFile(filepath.Join(*out, "meet.json"), data, 0o600); err != nil {
		log.Fatal(err)
	}
}

func run(seeds int, queues, rates string) (all []outcome, err error) {
	client, stop, err := redisserver.Start()
	if err != nil {
		return nil, err
	}
	defer stop()
	for r := range strings.SplitSeq(rates, ",") {
		rate, err := strconv.ParseFloat(r, 64)
		if err != nil {
			return nil, err
		}
		n := sizes[rate]
		if n == 0 {
			n = 3000
		}
		for seed := range uint64(seeds) {
			people := population(seed+1, n, rate)
			best := optimum(people)
			for q := range strings.SplitSeq("fifo,"+queues, ",") {
				o, err := measure(q, slices.Clone(people), client)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", q, err)
				}
				o.Queue, o.Rate, o.Seed, o.OfOptimum = q, rate, seed+1, o.Shared/best
				log.Printf("%-6s %4.0f/s seed %d: %.3f shared, %.2f of the optimum, waits p50 %.1f s p95 %.1f s", q, rate, seed+1, o.Shared, o.OfOptimum, o.P50, o.P95)
				all = append(all, o)
			}
		}
	}
	return all, nil
}

// optimum is the share of those with tags in a maximum matching of people who fit, share a tag and come within grace.
func optimum(people []person) float64 {
	edges := make([][]int, len(people))
	for i, a := range people {
		for j := i - 1; j >= 0 && a.at-people[j].at <= grace; j-- {
			if b := people[j]; compatible(a, b) && share(a, b) {
				edges[i], edges[j] = append(edges[i], j), append(edges[j], i)
			}
		}
	}
	met, tagged := 0, 0
	for i, j := range maximum(edges) {
		if len(people[i].wish.Tags) > 0 {
			tagged++
		}
		if j >= 0 {
			met++
		}
	}
	return float64(met) / float64(tagged)
}

func measure(queue string, people []person, client *goredis.Client) (outcome, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var o outcome
	var err error
	switch queue {
	case "fifo":
		playFIFO(people)
	case "memory":
		o.Overdue, err = play(ctx, people, func(c match.Config) (swept, error) {
			q, err := memory.New(c)
			return inMemory{q}, err
		})
	case "redis":
		if err := client.FlushAll(ctx).Err(); err != nil {
			return o, err
		}
		done := make(chan error, 1)
		o.Overdue, err = play(ctx, people, func(c match.Config) (swept, error) {
			q, err := redis.New(client, redis.Config{Config: c})
			if err == nil {
				go func() { done <- q.Run(ctx) }()
				<-q.Listening()
			}
			return q, err
		})
		cancel()
		err = errors.Join(err, <-done)
	default:
		err = errors.New("there is no such queue")
	}
	o.judge(people)
	return o, err
}

// inMemory gives the memory queue's Sweep the form of the other's.
type inMemory struct{ *memory.Queue }

func (q inMemory) Sweep(context.Context) error { q.Queue.Sweep(); return nil }

func (o *outcome) judge(people []person) {
	var tagged, shared, unmatched, inTime, close int
	var waits, ratios []float64
	for _, p := range people {
		if len(p.wish.Tags) > 0 {
			tagged++
		}
		if p.other < 0 {
			unmatched++
		} else {
			waits = append(waits, p.waited().Seconds())
			if p.shared && p.waited() <= grace && people[p.other].waited() <= grace {
				shared++
			}
		}
		if p.estimate == 0 {
			continue
		}
		o.Told++
		waited := patience // at least
		if p.other >= 0 {
			waited = max(p.waited(), 500*time.Millisecond) // told in whole seconds
			if p.waited() <= p.estimate {
				inTime++
			}
		}
		ratio := p.estimate.Seconds() / waited.Seconds()
		ratios = append(ratios, ratio)
		if ratio >= 0.5 && ratio <= 2 {
			close++
		}
	}
	o.Shared, o.Unmatched = float64(shared)/float64(tagged), float64(unmatched)/float64(len(people))
	o.P50, o.P95 = quantile(waits, 0.5), quantile(waits, 0.95)
	if o.Told > 0 {
		o.ToldOverWaited, o.InTime, o.WithinTwice = quantile(ratios, 0.5), float64(inTime)/float64(o.Told), float64(close)/float64(o.Told)
	}
}

func quantile(v []float64, share float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(share*float64(len(v)-1))]
}

func show(all []outcome) {
	slices.SortStableFunc(all, func(a, b outcome) int { return cmp.Or(cmp.Compare(a.Rate, b.Rate), cmp.Compare(a.Queue, b.Queue)) })
	fmt.Printf("\nM2: people with tags who met by a common one in time (min / median / max of the seeds)\n%-7s %6s %20s %8s %8s %10s %8s | %12s %8s %12s\n",
		"queue", "per s", "share of optimum", "p50 s", "p95 s", "unmatched", "overdue", "told÷waited", "in time", "within twice")
	for len(all) > 0 {
		n := slices.IndexFunc(all, func(o outcome) bool { return o.Queue != all[0].Queue || o.Rate != all[0].Rate })
		if n < 0 {
			n = len(all)
		}
		group := all[:n]
		all = all[n:]
		of := func(f func(outcome) float64) []float64 {
			var v []float64
			for _, o := range group {
				v = append(v, f(o))
			}
			slices.Sort(v)
			return v
		}
		median := func(f func(outcome) float64) float64 { v := of(f); return v[len(v)/2] }
		s, overdue := of(func(o outcome) float64 { return o.OfOptimum }), 0
		for _, o := range group {
			overdue += o.Overdue
		}
		fmt.Printf("%-7s %6.0f    %4.2f / %4.2f / %4.2f %8.1f %8.1f %10.3f %8d | %12.2f %8.2f %12.2f\n", group[0].Queue, group[0].Rate, s[0], s[len(s)/2], s[len(s)-1],
			median(func(o outcome) float64 { return o.P50 }), median(func(o outcome) float64 { return o.P95 }), median(func(o outcome) float64 { return o.Unmatched }), overdue,
			median(func(o outcome) float64 { return o.ToldOverWaited }), median(func(o outcome) float64 { return o.InTime }), median(func(o outcome) float64 { return o.WithinTwice }))
	}
	fmt.Println("aims: 0.78 / 0.82 / 0.96 of the optimum at 1 / 5 / 50 a second; overdue 0")
}
