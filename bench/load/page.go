package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"passerby/bench/internal/plot"
)

// costs are what capacity has found.
type costs struct {
	Cores   int
	Rounds  int
	Seconds float64 // of each look
	All     []cost
}

// mark is the share of its processors at which a node takes nobody new.
const mark = 0.9

// spread is the least, the median and the most of a value in the rounds of a kind.
func (c *costs) spread(kind string, of func(cost) float64) (least, median, most float64) {
	var v []float64
	for _, x := range c.All {
		if x.Kind == kind {
			v = append(v, of(x))
		}
	}
	if len(v) == 0 {
		return 0, 0, 0
	}
	slices.Sort(v)
	return v[0], v[len(v)/2], v[len(v)-1]
}

// table is the costs in Markdown. Where the least and the most of the rounds are not told apart from nothing, no number of people is given.
func (c *costs) table() string {
	var b strings.Builder
	b.WriteString("| one more | CPU, µs a second | on a core | memory, KiB | of these live | in a GiB | arriving, µs once | Redis, calls a second | Redis, µs a second | Redis, KiB |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, k := range kinds {
		cell := func(digits int, of func(cost) float64) string {
			least, median, most := c.spread(k.name, of)
			return fmt.Sprintf("%.*f (%.*f–%.*f)", digits, median, digits, least, digits, most)
		}
		fit := func(of func(cost) float64, room float64) string {
			least, median, _ := c.spread(k.name, of)
			if least <= 0 {
				return "–"
			}
			return round2(room / median)
		}
		cpu, memory := func(c cost) float64 { return c.CPU }, func(c cost) float64 { return c.Memory }
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", k.name, cell(1, cpu), fit(cpu, mark*1e6), cell(1, memory), cell(1, func(c cost) float64 { return c.Live }), fit(memory, 1<<20),
			cell(0, func(c cost) float64 { return c.Arrival }), cell(2, func(c cost) float64 { return c.RedisCalls }), cell(1, func(c cost) float64 { return c.RedisCPU }), cell(1, func(c cost) float64 { return c.RedisKiB }))
	}
	_, cpu, _ := c.spread(kinds[0].name, func(c cost) float64 { return c.EmptyCPU })
	_, rss, _ := c.spread(kinds[0].name, func(c cost) float64 { return c.EmptyRSS })
	fmt.Fprintf(&b, "\nMedian (least–most) of %d rounds, looks of %.0f s. An empty node, reckoned: %.1f ms of CPU a second, %.0f MiB.\n", c.Rounds, c.Seconds, cpu/1000, rss)
	if next, redis, ok := c.next(); ok {
		fmt.Fprintf(&b, "One match, from the difference of the two kinds of pairs that write: %.0f µs of CPU, %.1f calls and %.0f µs of Redis.\n", next.CPU, redis.RedisCalls, redis.RedisCPU)
	}
	return b.String()
}

// next is what one match costs: the CPU of the node, and that of Redis.
func (c *costs) next() (node, redis cost, ok bool) {
	with, without := kinds[4].name, kinds[3].name
	_, matches, _ := c.spread(with, func(c cost) float64 { return c.Matches })
	if matches == 0 {
		return node, redis, false
	}
	of := func(v func(cost) float64) float64 {
		_, a, _ := c.spread(with, v)
		_, b, _ := c.spread(without, v)
		return (a - b) / matches
	}
	node.CPU = of(func(c cost) float64 { return c.CPU })
	redis.RedisCalls, redis.RedisCPU = of(func(c cost) float64 { return c.RedisCalls }), of(func(c cost) float64 { return c.RedisCPU })
	return node, redis, true
}

// round2 keeps two digits.
func round2(v float64) string {
	step := 1.0
	for v/step >= 100 {
		step *= 10
	}
	return fmt.Sprintf("%.0f", float64(int(v/step+0.5))*step)
}

func save(out, name string, v any) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name+".json"), data, 0o600)
}

// writeDoc makes a page of docs of what out has, and draws the plots beside it.
func writeDoc(to, out string) error {
	var b strings.Builder
	b.WriteString("# Load\n\nWritten by `go run ./bench/load -doc docs/load.md` from what the runs named below left; what it means for a machine to be bought is in [scaling](scaling.md#how-much-one-node-takes).\n" +
		"Server and load shared one machine, so delays hold the load's own waiting too.\n")
	for _, part := range []struct{ name, title, command string }{
		{"load", "Load", "go run ./bench/load"},
		{"soak", "Soak", "go run ./bench/load -soak"},
		{"overload", "Overload", "go run ./bench/load -overload"},
	} {
		var p report
		if ok, err := load(out, part.name, &p); err != nil {
			return err
		} else if !ok {
			continue
		}
		svg := strings.TrimSuffix(to, ".md") + "-" + part.name + ".svg"
		f, err := os.Create(svg) //nolint:gosec // named on the command line
		if err != nil {
			return err
		}
		if err := errors.Join(plot.Write(f, p.charts()...), f.Close()); err != nil {
			return err
		}
		fmt.Fprintf(&b, "\n## %s\n`%s`: %s.\n\n**%s**\n", part.title, part.command, p.conditions(), p.Verdict)
		t := p.Total
		fmt.Fprintf(&b, "\nIn all %d matches, %d texts, %d packets of sound heard and %d lost, %d of %d packets of pictures come, %d refused.\n", t.Matches, t.Texts, t.Heard, t.Lost, t.Pictures, t.PicturesSent, t.Refused)
		for _, text := range slices.Sorted(maps.Keys(p.Errors)) {
			fmt.Fprintf(&b, "- error, %d times: %s\n", p.Errors[text], text)
		}
		fmt.Fprintf(&b, "\n![%s: people, delays, processors, memory, goroutines by second](%s)\n", part.title, filepath.Base(svg))
	}
	var c costs
	if ok, err := load(out, "capacity", &c); err != nil {
		return err
	} else if ok {
		fmt.Fprintf(&b, "\n## What one more costs\n`go run ./bench/load -capacity` on %d cores%s.\n\n%s", c.Cores, c.busy(), c.table())
	}
	return os.WriteFile(to, []byte(b.String()), 0o644) //nolint:gosec // a page to read
}

func (c *costs) busy() string {
	var least, most float64
	for i, x := range c.All {
		if i == 0 || x.Busy < least {
			least = x.Busy
		}
		most = max(most, x.Busy)
	}
	return fmt.Sprintf(", load average %.0f to %.0f", least, most)
}

// load reads what a run left; false without one.
func load(out, name string, into any) (bool, error) {
	data, err := os.ReadFile(filepath.Join(out, name+".json")) //nolint:gosec // named on the command line
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, json.Unmarshal(data, into)
}
