//go:build linux

// Command sfu measures rows S1 and S2: what a forwarded packet costs the server, beside a plain Pion server
// (TrackLocalStaticRTP, default interceptors), Debian's Janus where it is installed (videocall for pairs, videoroom for one to
// many), and a bare forwarder (recvmmsg, AES-GCM open, rewrite, seal, sendmmsg).
//
//	go run ./bench/sfu [-rounds 5] [-seconds 3] [-only S1] [-systems passerby,janus] [-before PROGRAM]
//
// Each server is a process of its own on the first core, the load one thread on the second; systems take turns, round after
// round. A user sends audio (50 packets a second of 100 bytes) and video (150 of 1100), each packet by itself, spread evenly;
// saturated, 8 video packets in flight per user instead. A packet counts when it arrived; one in 16 is opened, and its delay
// noted. CPU is the server's own, user and system, from /proc. The load asks its sockets in turn and never sleeps: to wake it
// would be charged to the server. What loopback spends on the receiver's side falls on whoever sends, so figures compare with
// each other, not with those of a network card. -before is another build of this program, whose passerby is measured too.
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
	rounds := flag.Int("rounds", 5, "how often each system has its turn")
	seconds := flag.Float64("seconds", 3, "how long a load lasts")
	only := flag.String("only", "", "words, comma separated, of which a row's name has one; all when empty")
	before := flag.String("before", "", "another build of this program")
	names := flag.String("systems", "", "which are measured, comma separated; all when empty")
	out := flag.String("out", "bench/out", "where the JSON goes")
	as := flag.String("serve", "", "be a server: passerby, pion or bare")
	flag.Parse()
	var err error
	if *as != "" {
		err = serve(*as)
	} else {
		err = measure(*rounds, time.Duration(*seconds*float64(time.Second)), *only, *names, *before, *out)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// row is one kind of work.
type row struct {
	name string
	load
}

func rows(d time.Duration) []row {
	return []row{
		{"S1 25 pairs", load{users: 50, duration: d}},
		{"S1 25 pairs, saturated", load{users: 50, saturated: true, duration: d}},
		{"S2 one to 50", load{users: 51, one: true, duration: d}},
		{"S1 100 pairs", load{users: 200, duration: d}},
	}
}

func measure(rounds int, d time.Duration, only, names, before, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := newCertificate(); err != nil {
		return err
	}
	var all []figure
	beside := slices.DeleteFunc(systems(before), func(s system) bool {
		return names != "" && !slices.Contains(strings.Split(names, ","), s.name)
	})
	for _, r := range rows(d) {
		if !slices.ContainsFunc(strings.Split(only, ","), func(word string) bool { return strings.Contains(r.name, word) }) {
			continue
		}
		for round := range rounds {
			for _, s := range beside {
				v, err := s.with(r.run)
				if err != nil { // a busy machine starves one now and then
					log.Printf("%s, %s, round %d: %v", r.name, s.name, round, err)
					continue
				}
				all = append(all, figure{r.name, s.name, round, v})
			}
		}
		table(r.name, all, beside)
		data, err := json.MarshalIndent(all, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, "sfu.json"), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// table prints min, median and max of a row, and ours over the others'.
func table(name string, all []figure, systems []system) {
	fmt.Printf("\n%s\n", name)
	by := map[string]map[string][]float64{} // by value and system
	for _, f := range all {
		if f.Row != name {
			continue
		}
		for k, v := range f.Values {
			if by[k] == nil {
				by[k] = map[string][]float64{}
			}
			by[k][f.System] = append(by[k][f.System], v)
		}
	}
	keys := make([]string, 0, len(by))
	for k := range by {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		ours := median(by[k]["passerby"])
		for _, s := range systems {
			if v := by[k][s.name]; len(v) > 0 {
				fmt.Printf("  %-20s %-9s %10.2f / %10.2f / %10.2f   passerby ÷ it: %.2f\n", k, s.name, slices.Min(v), median(v), slices.Max(v), ours/median(v))
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
