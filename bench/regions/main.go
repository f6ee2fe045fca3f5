// Command regions shows what regions cost and bring: how long people wait, and how many meet somebody of another
// region, with 100 to 10 million people online.
//
//	go run ./bench/regions [-hours 6] [-visits 12000] [-svg docs/regions.svg]
//
// The queue is match/memory itself, in simulated time. People come by Poisson's law, in six regions whose days begin one
// after the other; they wish as in crowd.go, and go after a minute. For each hour of the day that is looked at, so many
// come as it takes to see the queue as it is then: with millions that is a moment, since nobody waits for long.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"runtime"
	"slices"
	"sync"

	"passerby/bench/internal/plot"
)

// outcome is what a policy makes of so many people.
type outcome struct {
	Policy    string
	People    float64
	P50, P95  float64 // seconds waited by those who met somebody
	Mean      float64
	Unmatched float64 // share of those who went away after a minute
	Far       float64 // share of the met whose partner is of another region
	Night     float64 // p95 of the region and hour for which it is longest; those who went away count a minute
}

var sizes = []float64{100, 1000, 10_000, 100_000, 1_000_000, 10_000_000}

func main() {
	hours := flag.Int("hours", 6, "hours of the day that are looked at")
	visits := flag.Int("visits", 12000, "searches in each of them; people in small crowds come for six hours at most")
	seed := flag.Uint64("seed", 1, "of the crowd")
	out := flag.String("out", "bench/out", "where the JSON goes")
	svg := flag.String("svg", "", "where the picture goes; empty: beside the JSON")
	flag.Parse()
	all, err := run(*hours, *visits, *seed)
	if err != nil {
		log.Fatal(err)
	}
	show(all)
	if err := write(all, *out, *svg); err != nil {
		log.Fatal(err)
	}
}

func run(hours, visits int, seed uint64) ([]outcome, error) {
	all := make([]outcome, 0, len(sizes)*len(policies))
	for _, people := range sizes {
		for _, p := range policies {
			all = append(all, outcome{Policy: p.name, People: people})
		}
	}
	var wait sync.WaitGroup
	errs := make([]error, len(all))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range all {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = all[i].measure(policies[i%len(policies)], hours, visits, seed)
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

func (o *outcome) measure(p policy, hours, visits int, seed uint64) error {
	var waits []float64
	met, far, unmatched, sum := 0, 0, 0, 0.0
	for h := range hours {
		utc := 24 * float64(h) / float64(hours)
		n := min(visits, int(o.People/cycle*6*3600))
		all, err := play(context.Background(), p, o.People, utc, n, seed+uint64(h))
		if err != nil {
			return err
		}
		last := all[len(all)-1].at
		local := make([][]float64, len(regions))
		for i, v := range all {
			if i < len(all)/5 {
				continue
			}
			if v.met == 0 || v.met > last { // nobody comes after the last one: what became of these then says nothing
				if last-v.at < patience {
					continue
				}
				unmatched++
				local[v.region] = append(local[v.region], patience.Seconds())
				continue
			}
			waited := max(v.met-v.at, 0).Seconds() // the queue counts whole milliseconds
			met++
			if v.far {
				far++
			}
			sum += waited
			waits, local[v.region] = append(waits, waited), append(local[v.region], waited)
		}
		for _, l := range local {
			if len(l) >= 40 {
				o.Night = max(o.Night, quantile(l, 0.95))
			}
		}
	}
	o.P50, o.P95, o.Mean = quantile(waits, 0.5), quantile(waits, 0.95), sum/float64(max(met, 1))
	o.Far, o.Unmatched = float64(far)/float64(max(met, 1)), float64(unmatched)/float64(max(met+unmatched, 1))
	return nil
}

func quantile(v []float64, share float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	slices.Sort(v)
	return v[int(share*float64(len(v)-1))]
}

func show(all []outcome) {
	fmt.Printf("%-20s %10s %9s %9s %9s %10s %8s %10s\n", "policy", "online", "mean s", "p50 s", "p95 s", "unmatched", "far", "night p95")
	for _, o := range all {
		fmt.Printf("%-20s %10.0f %9.3f %9.3f %9.3f %10.4f %8.4f %10.3f\n", o.Policy, o.People, o.Mean, o.P50, o.P95, o.Unmatched, o.Far, o.Night)
	}
}

func write(all []outcome, out, svg string) error {
	chart := func(title, y string, log bool, value func(outcome) float64) plot.Chart {
		c := plot.Chart{Title: title, X: "people online, mean of a day", Y: y, LogX: true, LogY: log, Floor: 0.001}
		for _, p := range policies {
			l := plot.Line{Name: p.name}
			for _, o := range all {
				if o.Policy == p.name {
					l.Points = append(l.Points, plot.Point{X: o.People, Y: value(o)})
				}
			}
			c.Lines = append(c.Lines, l)
		}
		return c
	}
	return plot.Save(out, "regions", svg, all,
		chart("Waiting, 95 of 100 wait no longer", "seconds", true, func(o outcome) float64 { return o.P95 }),
		chart("… in the region and hour where it is longest", "seconds (60: gone)", true, func(o outcome) float64 { return o.Night }),
		chart("Partners of another region", "share", false, func(o outcome) float64 { return o.Far }))
}
