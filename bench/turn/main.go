//go:build linux

// Command turn measures rows T1 to T5: what a relayed packet, an allocation and a refusal cost, beside coturn (Debian's), a server
// like pion/turn's example, and a bare forwarder that knows nothing of TURN.
//
//	go run ./bench/turn -bin bin/passerby [-rounds 5] [-seconds 2] [-only T1,T4] [-systems passerby,coturn] [-former another-build]
//
// Each server runs on one core, the load on another; systems take turns, round after round. The load keeps 8 packets in flight for each
// client and direction (T1, T4), or sends at a pace (T3). A packet counts when it arrived at its end with the right length. CPU is the
// server's own, user and system, from /proc. The CPU that loopback spends on the receiver's side falls on whoever sends, so figures
// compare with each other, not with those of a network card.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// figure is one measurement of one system.
type figure struct {
	Row, System string
	Round       int
	Values      map[string]float64
}

func main() {
	bin := flag.String("bin", "bin/passerby", "the server to measure")
	former := flag.String("former", "", "another build of it, measured beside")
	rounds := flag.Int("rounds", 5, "how often each system has its turn")
	seconds := flag.Float64("seconds", 2, "how long a load lasts")
	only := flag.String("only", "", "rows, comma separated; all when empty")
	names := flag.String("systems", "passerby,coturn,pion,bare,former", "which of them")
	idle := flag.Int("idle", 10000, "allocations of T2 and T5")
	out := flag.String("out", "bench/out", "where the JSON goes")
	serve := flag.String("serve", "", "be a server: pion or bare")
	port := flag.Int("port", 0, "its port")
	flag.Parse()
	var err error
	switch *serve {
	case "pion":
		err = servePion(*port)
	case "bare":
		err = serveBare(*port)
	default:
		all := slices.DeleteFunc(systems(*bin, *former), func(s system) bool { return !slices.Contains(strings.Split(*names, ","), s.name) })
		err = measure(all, *rounds, time.Duration(*seconds*float64(time.Second)), *only, *idle, *out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// row is one kind of work.
type row struct {
	id, name string
	without  []string // systems that cannot do it
	run      func(s *running) (map[string]float64, error)
}

func rows(d time.Duration, idle int) []row {
	with := func(l load) func(*running) (map[string]float64, error) {
		l.duration = d
		return func(s *running) (map[string]float64, error) { return l.run(s) }
	}
	return []row{
		{"T1", "ChannelData 1100 B, 50 clients, saturated", nil, with(load{size: 1100, clients: 50})},
		{"T1", "ChannelData 200 B, 50 clients, saturated", nil, with(load{size: 200, clients: 50})},
		{"T1", "Send indications 1100 B, 50 clients, saturated", []string{"bare"}, with(load{size: 1100, clients: 50, indications: true})},
		{"T3", "ChannelData 1100 B, 50 clients, 20,000 packets/s", nil, with(load{size: 1100, clients: 50, pace: 20000})},
		{"T4", "relay to relay, ChannelData 1100 B, 25 pairs, saturated", []string{"bare"}, with(load{size: 1100, clients: 50, pairs: true})},
		{"T5", "unauthenticated Allocates answered with 401", []string{"bare"}, func(s *running) (map[string]float64, error) { return flood(s, 50, d) }},
		{"T5", fmt.Sprintf("%d allocations with permission and channel (and T2)", idle), []string{"bare"}, func(s *running) (map[string]float64, error) { return allocate(s, idle) }},
	}
}

func measure(systems []system, rounds int, d time.Duration, only string, idle int, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var all []figure
	for _, r := range rows(d, idle) {
		if only != "" && !slices.Contains(strings.Split(only, ","), r.id) {
			continue
		}
		for round := range rounds {
			for _, s := range systems {
				if slices.Contains(r.without, s.name) {
					continue
				}
				v, err := s.with(r.run)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", r.name, s.name, err)
				}
				all = append(all, figure{r.id + " " + r.name, s.name, round, v})
			}
		}
		table(r, all, systems)
		data, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, "turn.json"), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// table prints the medians of a row, and ours over the others'.
func table(r row, all []figure, systems []system) {
	fmt.Printf("\n%s: %s\n", r.id, r.name)
	var keys []string
	by := map[string]map[string][]float64{}
	for _, f := range all {
		if f.Row != r.id+" "+r.name {
			continue
		}
		if by[f.System] == nil {
			by[f.System] = map[string][]float64{}
		}
		for k, v := range f.Values {
			if !slices.Contains(keys, k) {
				keys = append(keys, k)
			}
			by[f.System][k] = append(by[f.System][k], v)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		ours := median(by["passerby"][k])
		for _, s := range systems {
			if v := by[s.name][k]; len(v) > 0 {
				slices.Sort(v)
				fmt.Printf("  %-28s %-9s %10.2f / %10.2f / %10.2f   passerby ÷ it: %.2f\n", k, s.name, v[0], median(v), v[len(v)-1], ours/median(v))
			}
		}
	}
}

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
