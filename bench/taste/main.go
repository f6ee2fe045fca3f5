// Command taste measures smart matching (match/taste): is it better than first come, first served, and than tags, and for whom is it worse?
//
//	go run ./bench/taste [-people 2000] [-hours 3] [-seeds 3] [-svg docs/smart-matching.svg]
//
// The queue is match/memory itself, in simulated time; the people are made up (world.go), since nobody has data of this
// service yet. Two evaluations: each policy lives through the same crowds, and the log of first come, first served is replayed to
// models that say before each talk how it will go. The first hour is not counted.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"passerby/bench/internal/plot"
	"passerby/match/taste"
)

// outcome is what a policy made of a crowd with one seed. Honest people alone count.
type outcome struct {
	World, Policy string
	Seed          uint64
	Mean, Median  float64 // seconds of a talk
	Skips         float64 // share of talks below 10 s
	Share         float64 // of the time looked and talked: in talks of a minute or more, summed over people …
	Tenth         float64 // … and for the tenth who have the least of it
	Wait, Wait95  float64 // seconds
	WaitMost      float64
	Sybil         float64 // share of the talks of honest people that are with a sybil
	AUC           [3]float64
}

func main() {
	people := flag.Int("people", 2000, "in the crowd")
	hours := flag.Int("hours", 3, "that they live, the first of them uncounted")
	seeds := flag.Int("seeds", 3, "crowds of each world")
	out := flag.String("out", "bench/out", "where the JSON goes")
	svg := flag.String("svg", "", "where the picture goes; empty: beside the JSON")
	flag.Parse()
	if *people < 2 || *hours < 2 || *seeds < 1 {
		log.Fatal("give at least -people 2, -hours 2 (the first is not counted) and -seeds 1")
	}
	all, err := run(*people, *hours, *seeds)
	if err != nil {
		log.Fatal(err)
	}
	show(all)
	if err := write(all, *out, *svg); err != nil {
		log.Fatal(err)
	}
}

func run(people, hours, seeds int) ([]outcome, error) {
	var all []outcome
	for range seeds {
		for range worlds {
			all = append(all, make([]outcome, len(policies))...)
		}
	}
	errs := make([]error, len(all))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			w, p, seed := worlds[i/len(policies)%len(worlds)], policies[i%len(policies)], uint64(1+i/len(policies)/len(worlds)) //nolint:gosec // small
			all[i], errs[i] = measure(w, p, people, hours, seed)
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func measure(w world, p policy, people, hours int, seed uint64) (outcome, error) {
	o := outcome{World: w.name, Policy: p.name, Seed: seed}
	g, err := newPlay(w, p, people, seed, time.Hour)
	if err != nil {
		return o, err
	}
	if err := g.run(context.Background(), time.Duration(hours)*time.Hour); err != nil {
		return o, err
	}
	var long []float64
	skips, sybil, good := 0, 0, 0.0
	for _, t := range g.talks {
		a, b := &g.people[t.a], &g.people[t.b]
		if t.at < g.warm || a.sybil && b.sybil {
			continue
		}
		weight := 2.0
		if a.sybil || b.sybil {
			sybil++
			weight = 1
		}
		long = append(long, t.long.Seconds())
		if t.long < 10*time.Second {
			skips++
		}
		if t.long >= time.Minute {
			good += weight * t.long.Seconds()
			a.good += t.long
			b.good += t.long
		}
	}
	var shares []float64
	var online float64
	for _, h := range g.people {
		if !h.sybil && h.online > 10*time.Minute {
			online += h.online.Seconds()
			shares = append(shares, h.good.Seconds()/h.online.Seconds())
		}
	}
	slices.Sort(shares)
	o.Mean, o.Median, o.Skips = mean(long), quantile(long, 0.5), share(skips, len(long))
	o.Share, o.Tenth = share(good, online), mean(shares[:min(len(shares), max(1, len(shares)/10))])
	o.Wait, o.Wait95, o.WaitMost = mean(g.waits), quantile(g.waits, 0.95), quantile(g.waits, 1)
	o.Sybil = share(sybil, len(long))
	if p.name == "first come" {
		o.AUC = replay(g)
	}
	return o, nil
}

// replay lets a model say how each talk of a log will go, and then tells it. Its AUC is how often a long talk was given more
// than a short one: 0.5 is chance. What says it: the number of shared tags; what smart matching ranks by; that and how each one's talks went.
func replay(g *play) (auc [3]float64) {
	model := taste.New(taste.Config{})
	type said struct {
		p    float64
		long bool
	}
	var all [3][]said
	for _, t := range g.talks {
		a, b := traits(g, t.a), traits(g, t.b)
		long := t.long >= time.Minute
		shared := 0.0
		for _, x := range a.Tags {
			if slices.Contains(b.Tags, x) {
				shared++
			}
		}
		p := [3]float64{shared, model.Worth(a, b, epoch.Add(t.at)), model.Long(a, b, epoch.Add(t.at))}
		for i, x := range p {
			if t.at >= g.warm {
				all[i] = append(all[i], said{x, long})
			}
		}
		model.Learn(a, b, t.long, epoch.Add(t.at))
	}
	for i, list := range all {
		slices.SortFunc(list, func(a, b said) int { return cmp.Compare(a.p, b.p) })
		var below, pairs, n float64
		for at := 0; at < len(list); { // those that were given the same count half
			end, longs, shorts := at, 0.0, 0.0
			for ; end < len(list) && list[end].p == list[at].p; end++ {
				if list[end].long {
					longs++
				} else {
					shorts++
				}
			}
			pairs += longs * (below + shorts/2)
			below, n, at = below+shorts, n+longs, end
		}
		auc[i] = 0.5 // long talks alone, or short ones: nothing to tell apart
		if below*n > 0 {
			auc[i] = pairs / (below * n)
		}
	}
	return auc
}

func traits(g *play, i int) taste.Traits {
	return taste.Traits{User: strconv.Itoa(i), Pool: "text ", Tags: g.people[i].tags}
}

// share is a part of a whole; of nothing it is 0.
func share[N int | float64](part, whole N) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(max(len(v), 1))
}

func quantile(v []float64, share float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[int(share*float64(len(v)-1))]
}

// columns are what is shown of outcomes.
var columns = []struct {
	name  string
	value func(outcome) float64
}{
	{"talk mean s", func(o outcome) float64 { return o.Mean }}, {"median s", func(o outcome) float64 { return o.Median }},
	{"below 10 s", func(o outcome) float64 { return o.Skips }}, {"in long talks", func(o outcome) float64 { return o.Share }},
	{"least tenth", func(o outcome) float64 { return o.Tenth }}, {"wait s", func(o outcome) float64 { return o.Wait }},
	{"wait p95", func(o outcome) float64 { return o.Wait95 }}, {"wait most", func(o outcome) float64 { return o.WaitMost }},
	{"with sybils", func(o outcome) float64 { return o.Sybil }},
}

func show(all []outcome) {
	for _, w := range worlds {
		fmt.Printf("\n%s (min / median / max of the seeds)\n%-20s", w.name, "")
		for _, c := range columns {
			fmt.Printf(" %23s", c.name)
		}
		fmt.Println()
		for _, p := range policies {
			fmt.Printf("%-20s", p.name)
			for _, c := range columns {
				v := of(all, w.name, p.name, c.value)
				fmt.Printf(" %7.3f/%7.3f/%7.3f", v[0], v[len(v)/2], v[len(v)-1])
			}
			fmt.Println()
		}
		for i, name := range []string{"shared tags", "smart", "with people"} {
			v := of(all, w.name, "first come", func(o outcome) float64 { return o.AUC[i] })
			fmt.Printf("replay, AUC of %-12s %.3f / %.3f / %.3f\n", name, v[0], v[len(v)/2], v[len(v)-1])
		}
	}
}

func of(all []outcome, world, policy string, value func(outcome) float64) (v []float64) {
	for _, o := range all {
		if o.World == world && o.Policy == policy {
			v = append(v, value(o))
		}
	}
	slices.Sort(v)
	return v
}

func write(all []outcome, out, svg string) error {
	chart := func(title string, value func(outcome) float64) plot.Chart {
		c := plot.Chart{Title: title, X: "world: " + legend(), Y: "share of the time online"}
		for _, p := range policies {
			l := plot.Line{Name: p.name}
			for i, w := range worlds {
				v := of(all, w.name, p.name, value)
				l.Points = append(l.Points, plot.Point{X: float64(i + 1), Y: v[len(v)/2]})
			}
			c.Lines = append(c.Lines, l)
		}
		return c
	}
	return plot.Save(out, "taste", svg, all, chart("Time in talks of a minute or more", func(o outcome) float64 { return o.Share }),
		chart("… of the tenth who have the least of it", func(o outcome) float64 { return o.Tenth }))
}

func legend() string { return "1 to 6, as in the table" }
