// Command pairs measures M1: what a pair costs Redis, with many waiting, beside the floor.
//
//	go run ./bench/pairs [-rounds 5] [-pairs 10000] [-depths 1000,10000,100000] [-work floor,none,all,life] [-nodes 1] [-quiet=false]
//
// It starts a redis-server of its own. The floor is two ZADD and one ZPOPMIN of two, pipelined, on the same Redis at the
// same depth: no rules, no state, nobody told. The queue is match/redis as nodes use it, called by 256 people at once:
//
//	none   one arrival that waits and one that is paired; wishes: only the gender that makes two sides
//	all    the same with 0 to 5 tags of 5000 (Zipf, s = 1.1), languages, several genders sought, widening
//	life   all, and both confirm, renew once, and leave (partners remembered)
//
// Rounds go A B A B; ratios are taken within a round. CPU is that of Redis's main thread by its own account.
// Then quiet calls, one at a time: the time of an arrival, on the node that leads and on another, beside that of a PING.
// And how long another node takes to go on from what stands in Redis, at the greatest depth.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/bench/internal/redisserver"
	"passerby/match"
)

// sample is one measurement.
type sample struct {
	What    string
	Depth   int
	Pairs   int
	Micros  float64 // of Redis's CPU for each pair
	PerSec  float64 // pairs a second
	Ratio   float64 // of Micros to those of the first work of the round: the floor
	Memory  float64 // MB of Redis at the end
	Waiting int

	Commands map[string][2]float64 // of Redis: how many for each pair, and microseconds of all of them, whoever else kept the machine busy
}

func main() {
	rounds := flag.Int("rounds", 5, "A B, so many times")
	pairs := flag.Int("pairs", 10000, "how many in each measurement")
	depths := flag.String("depths", "1000,10000,100000", "how many wait")
	works := flag.String("work", "floor,none,all,life", "what is measured, in this order; the first is what others are divided by")
	nodes := flag.Int("nodes", 1, "how many nodes people come to, in turn")
	quietly := flag.Bool("quiet", true, "measure quiet calls too")
	out := flag.String("out", "bench/out", "where the JSON goes")
	flag.Parse()
	samples, quiet, err := run(*rounds, *pairs, *nodes, *depths, strings.Split(*works, ","), *quietly)
	if err != nil {
		log.Fatal(err)
	}
	print(samples)
	fmt.Print(quiet)
	if err := os.MkdirAll(*out, 0o755); err != nil {
		log.Fatal(err)
	}
	data, _ := json.MarshalIndent(samples, "", " ")
	if err := os.WriteFile(filepath.Join(*out, "pairs.json"), data, 0o600); err != nil {
		log.Fatal(err)
	}
}

func run(rounds, pairs, nodes int, depths string, works []string, quietly bool) (samples []sample, quiet string, err error) {
	client, stop, err := redisserver.Start()
	if err != nil {
		return nil, "", err
	}
	defer stop()
	ctx := context.Background()
	for round := range rounds {
		for d := range strings.SplitSeq(depths, ",") {
			depth, err := strconv.Atoi(d)
			if err != nil {
				return nil, "", err
			}
			var floor float64
			for _, what := range works {
				s, err := measure(ctx, client, what, nodes, depth, pairs, uint64(round))
				if err != nil {
					return nil, "", fmt.Errorf("%s: %w", what, err)
				}
				if what == works[0] {
					floor = s.Micros
				}
				s.Ratio = s.Micros / floor
				samples = append(samples, s)
				log.Printf("round %d: %-5s %6d waiting: %5.1f µs a pair, %4.1f × floor, %6.0f pairs/s, %5.1f MB, %d wait at the end", round+1, what, depth, s.Micros, s.Ratio, s.PerSec, s.Memory, s.Waiting)
			}
		}
	}
	if !quietly {
		return samples, "", nil
	}
	if quiet, err = measureQuiet(ctx, client); err != nil {
		return nil, "", err
	}
	deepest := 0
	for d := range strings.SplitSeq(depths, ",") {
		n, _ := strconv.Atoi(d)
		deepest = max(deepest, n)
	}
	took, worked, err := measureTakeover(ctx, client, deepest)
	return samples, quiet + fmt.Sprintf("another node goes on with %d waiting after %v, of which it works %v\n", deepest, took, worked), err
}

// measure fills an empty Redis to the depth, then makes pairs.
func measure(ctx context.Context, client *redis.Client, what string, nodes, depth, pairs int, seed uint64) (sample, error) {
	if err := client.FlushAll(ctx).Err(); err != nil {
		return sample{}, err
	}
	fill, work := floorWork(ctx, client, depth, pairs), error(nil)
	makePairs := func() error { return floorPairs(ctx, client, depth, pairs) }
	s := sample{What: what, Depth: depth, Pairs: pairs, Waiting: depth}
	if what != "floor" {
		c, err := newCrowd(ctx, client, nodes, what != "none", seed)
		if err != nil {
			return s, err
		}
		defer c.stop()
		fill = func() error {
			return each(depth, func() error { _, _, err := c.arrive(ctx, true); return err })
		}
		makePairs = func() error { return each(pairs, func() error { return c.pair(ctx, what == "life") }) }
		defer func() {
			if st, err := c.nodes[0].Stats(ctx); err == nil {
				s.Waiting = st.Waiting[match.Video]
			}
		}()
	}
	if work = fill(); work != nil {
		return s, work
	}
	if err := client.ConfigResetStat(ctx).Err(); err != nil {
		return s, err
	}
	before, err := redisserver.CPU(ctx, client)
	if err != nil {
		return s, err
	}
	start := time.Now()
	if err := makePairs(); err != nil {
		return s, err
	}
	took := time.Since(start)
	after, err := redisserver.CPU(ctx, client)
	if err != nil {
		return s, err
	}
	if s.Commands, err = redisserver.Commands(ctx, client, pairs); err != nil {
		return s, err
	}
	info, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return s, err
	}
	_, rest, _ := strings.Cut(info, "used_memory:")
	bytes, _, _ := strings.Cut(rest, "\r\n")
	memory, _ := strconv.ParseFloat(bytes, 64)
	s.Micros = float64((after - before).Microseconds()) / float64(pairs)
	s.PerSec = float64(pairs) / took.Seconds()
	s.Memory = memory / 1e6
	return s, nil
}

// pair lets one arrive who waits, and one who is paired.
func (c *crowd) pair(ctx context.Context, life bool) error {
	if _, _, err := c.arrive(ctx, true); err != nil {
		return err
	}
	_, s, err := c.arrive(ctx, false)
	if err != nil || !life || s.Pair == nil {
		return err
	}
	q := c.nodes[c.n.Load()%int64(len(c.nodes))]
	sides := []string{s.Pair.Initiator.Session, s.Pair.Responder.Session}
	for _, session := range sides {
		if err := q.Confirm(ctx, session, s.Pair.ID); err != nil {
			return err
		}
		if _, err := q.Renew(ctx, session); err != nil {
			return err
		}
	}
	for _, session := range sides {
		if err := q.Leave(ctx, session, match.EndLeft); err != nil {
			return err
		}
	}
	return nil
}

const pipelined = 64 // pairs in one pipeline of the floor

func floorWork(ctx context.Context, client *redis.Client, depth, _ int) func() error {
	return func() error {
		for i := 0; i < depth; i += 1000 {
			_, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
				for j := i; j < min(i+1000, depth); j++ {
					p.ZAdd(ctx, "line", redis.Z{Score: float64(j), Member: fmt.Sprintf("session-%016x", j)})
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func floorPairs(ctx context.Context, client *redis.Client, depth, pairs int) error {
	errs := make(chan error, 4)
	for g := range 4 {
		go func() {
			var err error
			for i := g * pipelined; i < pairs && err == nil; i += 4 * pipelined {
				_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error {
					for j := i; j < min(i+pipelined, pairs); j++ {
						for k := range 2 {
							n := depth + 2*j + k
							p.ZAdd(ctx, "line", redis.Z{Score: float64(n), Member: fmt.Sprintf("session-%016x", n)})
						}
						p.ZPopMin(ctx, "line", 2)
					}
					return nil
				})
			}
			errs <- err
		}()
	}
	var first error
	for range 4 {
		if err := <-errs; err != nil {
			first = err
		}
	}
	return first
}

func print(samples []sample) {
	type group struct {
		what  string
		depth int
	}
	var order []group
	by := map[group][]sample{}
	for _, s := range samples {
		g := group{s.What, s.Depth}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], s)
	}
	three := func(list []sample, of func(sample) float64) [3]float64 {
		var v []float64
		for _, s := range list {
			v = append(v, of(s))
		}
		slices.Sort(v)
		return [3]float64{v[0], v[len(v)/2], v[len(v)-1]}
	}
	fmt.Printf("\nM1: Redis's CPU for each pair (min / median / max of %d rounds)\n%-6s %8s %22s %22s %12s %8s\n", len(by[order[0]]), "work", "waiting", "µs of CPU", "ratio to the floor", "pairs/s", "MB")
	for _, g := range order {
		micros, ratio := three(by[g], func(s sample) float64 { return s.Micros }), three(by[g], func(s sample) float64 { return s.Ratio })
		rate, mem := three(by[g], func(s sample) float64 { return s.PerSec }), three(by[g], func(s sample) float64 { return s.Memory })
		fmt.Printf("%-6s %8d %8.1f %6.1f %6.1f %8.1f %6.1f %6.1f %12.0f %8.1f\n", g.what, g.depth, micros[0], micros[1], micros[2], ratio[0], ratio[1], ratio[2], rate[1], mem[1])
	}
	for _, g := range order {
		names := slices.SortedFunc(maps.Keys(by[g][0].Commands), func(a, b string) int { return cmp.Compare(by[g][0].Commands[b][1], by[g][0].Commands[a][1]) })
		var line strings.Builder
		for _, name := range names {
			c := by[g][0].Commands[name]
			fmt.Fprintf(&line, "  %s %.2f (%.1f µs)", name, c[0], c[1])
		}
		fmt.Printf("%-6s %8d commands for each pair:%s\n", g.what, g.depth, line.String())
	}
	fmt.Println("aims: all ≤ 12 × floor, none ≤ 6 × floor; 100,000 waiting ≤ 1.4 × 1,000 waiting")
}
