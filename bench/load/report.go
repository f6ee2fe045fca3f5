package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"passerby/bench/internal/plot"
)

// report is what a run has shown.
type report struct {
	People  int
	Media   int
	Curve   string
	Seconds float64
	Cores   int // of the machine, which the load used too

	Pictures    int
	ServerFlags string
	ServerProcs int

	Total   counts
	Errors  map[string]int
	Verdict string
	Samples []sample
}

func (r *run) report() *report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &report{
		People: r.o.people, Media: int(float64(r.o.people)*r.o.media + 0.5), Curve: r.o.curve, Seconds: r.o.length.Seconds(), Cores: runtime.NumCPU(),
		Pictures: int(float64(r.o.people)*r.o.media*r.o.pictures + 0.5), ServerFlags: r.o.serverFlags, ServerProcs: r.o.serverProcs,
		Total: r.total, Errors: r.errors, Samples: r.samples,
	}
}

// Bounds of verdicts.
const (
	flatShare = 1.05 // of memory and goroutines at the end to those after the beginning …
	flatMiB   = 16   // … and so much more, as a garbage collector goes
	flatCount = 50
	heldShare = 0.9 // of those who talked when the server became full talk on
	heldText  = 5.0 // times the delay of texts that it was before, and
	heldMS    = 100 // as much more
	heldLoss  = 0.02
)

// judge says in a sentence what the run was for, and whether it is well.
func (p *report) judge(o options) (string, bool) {
	switch {
	case len(p.Samples) < 20:
		return "FAILED: too short to say anything", false
	case o.soak:
		return p.soak()
	case o.overload:
		return p.overload()
	}
	t := p.Total
	return fmt.Sprintf("%d matches, %d texts, %d of %d packets of sound lost, %d refused, %d errors", t.Matches, t.Texts, t.Lost, t.Heard+t.Lost, t.Refused, t.Errors), t.Matches > 0
}

// soak compares the fifth after the first fifth with the last one.
func (p *report) soak() (string, bool) {
	n := len(p.Samples) / 5
	early, late := p.Samples[n:2*n], p.Samples[4*n:]
	rss := func(s sample) float64 { return s.RSS }
	goroutines := func(s sample) float64 { return s.Goroutines }
	a, b := p.median(early, rss), p.median(late, rss)
	c, d := p.median(early, goroutines), p.median(late, goroutines)
	well := a > 0 && b <= a*flatShare+flatMiB && d <= c*flatShare+flatCount && p.Total.Matches > 0
	word := "FLAT"
	if !well {
		word = "FAILED"
	}
	return fmt.Sprintf("%s: after a fifth of %.0f s and at the end: memory %.0f and %.0f MiB, goroutines %.0f and %.0f; %d matches, %d errors", word, p.Seconds, a, b, c, d, p.Total.Matches, p.Total.Errors), well
}

// median of a value; 0 of none.
func (*report) median(list []sample, of func(sample) float64) float64 {
	if len(list) == 0 {
		return 0
	}
	var v []float64
	for _, s := range list {
		v = append(v, of(s))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// overload compares the time before the server was full with that while it was.
func (p *report) overload() (string, bool) {
	first := slices.IndexFunc(p.Samples, func(s sample) bool { return s.Full > 0 })
	if first < 10 {
		return "FAILED: the server was never full, or from the beginning: bring more people (-people), or fewer", false
	}
	before, during := p.Samples[max(0, first-20):first], p.Samples[first:]
	text := func(list []sample) float64 {
		return p.median(list, func(s sample) float64 { return s.TextP99 })
	}
	sound := func(list []sample) float64 {
		return p.median(list, func(s sample) float64 { return s.SoundP99 })
	}
	loss := func(list []sample) float64 {
		lost, all := 0, 1
		for _, s := range list {
			lost, all = lost+s.Lost, all+s.Lost+s.Heard
		}
		return float64(lost) / float64(all)
	}
	least := slices.MinFunc(during, func(a, b sample) int { return a.Online - b.Online }).Online
	online := max(p.Samples[first-1].Online, p.Samples[first].Online)
	refused := 0
	for _, s := range during {
		refused += s.Refused
	}
	a, b := text(before), text(during)
	well := refused > 0 && float64(least) >= heldShare*float64(online) && b <= heldText*a+heldMS && loss(during) <= loss(before)+heldLoss
	word := "HELD"
	if !well {
		word = "FAILED"
	}
	return fmt.Sprintf("%s: full after %.0f s with %d online; then %d newcomers were refused, never fewer than %d were online; texts' p99 %.1f ms before, %.1f ms while full; sound's %.1f and %.1f ms; sound lost %.2f %% before, %.2f %% while full",
		word, p.Samples[first].At, online, refused, least, a, b, sound(before), sound(during), 100*loss(before), 100*loss(during)), well
}

// pointsOfLine keeps pictures small: of more samples, medians are drawn.
const pointsOfLine = 150

func (p *report) charts() []plot.Chart {
	lines := func(title, y string, of map[string]func(sample) float64, order ...string) plot.Chart {
		c := plot.Chart{Title: title, X: "seconds", Y: y}
		for _, name := range order {
			l := plot.Line{Name: name}
			for group := range slices.Chunk(p.Samples, len(p.Samples)/pointsOfLine+1) {
				l.Points = append(l.Points, plot.Point{X: group[0].At, Y: p.median(group, of[name])})
			}
			c.Lines = append(c.Lines, l)
		}
		return c
	}
	type f = func(sample) float64
	return []plot.Chart{
		lines("People", "people", map[string]f{
			"wanted": func(s sample) float64 { return float64(s.Target) }, "online": func(s sample) float64 { return float64(s.Online) },
			"in talks": func(s sample) float64 { return float64(s.Matched) }, "refused a second": func(s sample) float64 { return float64(s.Refused) },
		}, "wanted", "online", "in talks", "refused a second"),
		lines("Delay, p99 of each second", "ms", map[string]f{
			"texts": func(s sample) float64 { return s.TextP99 }, "sound": func(s sample) float64 { return s.SoundP99 },
		}, "texts", "sound"),
		lines("Server: processors", "cores", map[string]f{
			"in use": func(s sample) float64 { return s.CPU }, "full (1)": func(s sample) float64 { return s.Full },
		}, "in use", "full (1)"),
		lines("Server: memory", "MiB", map[string]f{
			"resident": func(s sample) float64 { return s.RSS }, "heap in use": func(s sample) float64 { return s.Heap },
		}, "resident", "heap in use"),
		lines("Server: goroutines", "number", map[string]f{"goroutines": func(s sample) float64 { return s.Goroutines }}, "goroutines"),
	}
}

// write leaves NAME.json, NAME.svg and NAME.html.
func (p *report) write(out, name string) error {
	if err := plot.Save(out, name, "", p, p.charts()...); err != nil {
		return err
	}
	svg, err := os.ReadFile(filepath.Join(out, name+".svg")) //nolint:gosec // just written
	if err != nil {
		return err
	}
	var page strings.Builder
	fmt.Fprintf(&page, "<!doctype html><meta charset=utf-8><title>Load</title><style>body{font:16px sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}</style>\n"+
		"<h1>Load</h1><p>%s<p><b>%s</b>\n%s<h2>Errors</h2><ul>\n", html.EscapeString(p.conditions()), html.EscapeString(p.Verdict), svg)
	for text, n := range p.Errors {
		fmt.Fprintf(&page, "<li>%d × %s\n", n, html.EscapeString(text))
	}
	page.WriteString("</ul>\n")
	return os.WriteFile(filepath.Join(out, name+".html"), []byte(page.String()), 0o600)
}

// conditions says what ran, and on what.
func (p *report) conditions() string {
	s := fmt.Sprintf("%d people at the most, %d of them with sound, %d of these with a picture; curve %s, %.0f s; %d cores for server, load and whatever else ran",
		p.People, p.Media, p.Pictures, p.Curve, p.Seconds, p.Cores)
	if p.ServerFlags != "" {
		s += "; server with " + p.ServerFlags
	}
	if p.ServerProcs > 0 {
		s += fmt.Sprintf("; the server may use %d", p.ServerProcs)
	}
	if busy := p.median(p.Samples, func(s sample) float64 { return s.Busy }); busy > 0 {
		s += fmt.Sprintf("; load average %.0f in the median", busy)
	}
	return s
}
