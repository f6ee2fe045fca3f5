package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples are seconds of a run, each made by of.
func samples(n int, of func(i int) sample) (all []sample) {
	for i := range n {
		s := of(i)
		s.At = float64(i)
		all = append(all, s)
	}
	return all
}

func TestSoakVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		of   func(i int) sample
		want string
	}{
		"flat":              {func(int) sample { return sample{RSS: 400, Goroutines: 900} }, "FLAT"},
		"breathes":          {func(i int) sample { return sample{RSS: 400 + float64(i%20), Goroutines: 900 + float64(i%30)} }, "FLAT"},
		"memory grows":      {func(i int) sample { return sample{RSS: 400 + float64(i), Goroutines: 900} }, "FAILED"},
		"goroutines grow":   {func(i int) sample { return sample{RSS: 400, Goroutines: 900 + float64(5*i)} }, "FAILED"},
		"nothing was asked": {func(int) sample { return sample{} }, "FAILED"},
	} {
		p := &report{Samples: samples(100, tt.of), Total: counts{Matches: 1}}
		if got, ok := p.judge(options{soak: true}); !strings.HasPrefix(got, tt.want) || ok != (tt.want == "FLAT") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestOverloadVerdict(t *testing.T) {
	run := func(during func(s *sample)) []sample {
		return samples(100, func(i int) sample {
			s := sample{Online: min(4*i, 200), TextP99: 5, counts: counts{Heard: 1000}}
			if i >= 50 {
				s.Full, s.Refused = 1, 3
				during(&s)
			}
			return s
		})
	}
	for name, tt := range map[string]struct {
		during func(*sample)
		want   string
	}{
		"held":                  {func(*sample) {}, "HELD"},
		"a little slower":       {func(s *sample) { s.TextP99 = 90 }, "HELD"},
		"nobody was refused":    {func(s *sample) { s.Refused = 0 }, "FAILED"},
		"texts are late":        {func(s *sample) { s.TextP99 = 900 }, "FAILED"},
		"sound is lost":         {func(s *sample) { s.Lost = 100 }, "FAILED"},
		"people are thrown out": {func(s *sample) { s.Online = 100 }, "FAILED"},
		"never full":            {func(s *sample) { s.Full = 0 }, "FAILED"},
	} {
		p := &report{Samples: run(tt.during)}
		if got, ok := p.judge(options{overload: true}); !strings.HasPrefix(got, tt.want) || ok != (tt.want == "HELD") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Curves stay between nobody and everybody, and reach everybody.
func TestCurves(t *testing.T) {
	for name, c := range curves {
		most := 0.0
		for i := range 1001 {
			v := c(float64(i) / 1000)
			if v < 0 || v > 1 {
				t.Errorf("%s: %v", name, v)
			}
			most = max(most, v)
		}
		if most < 0.999 {
			t.Errorf("%s: at most %v", name, most)
		}
	}
}

// The page says what each run found, under which conditions, and shows it; runs that were not made are left out.
func TestDoc(t *testing.T) {
	out := t.TempDir()
	soak := &report{People: 40, Cores: 2, Seconds: 1800, Verdict: "FLAT: all is well", Errors: map[string]int{"a socket broke": 3}, Samples: samples(1800, func(int) sample { return sample{RSS: 5, Busy: 70} })}
	if err := soak.write(out, "soak"); err != nil {
		t.Fatal(err)
	}
	found := &costs{Cores: 2, Rounds: 3, Seconds: 10}
	for i := range 3 {
		for _, k := range kinds {
			found.All = append(found.All, cost{Kind: k.name, CPU: float64(100 + i), Memory: 8, Busy: 60 + float64(i), Matches: 0.5})
		}
	}
	found.All[0].CPU = -1 // of the first kind: not told apart from nothing
	if err := save(out, "capacity", found); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(out, "load.md")
	if err := writeDoc(page, out); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"**FLAT: all is well**", "load average 70", "3 times: a socket broke", "](load-soak.svg)", "load average 60 to 62", "| waiting for somebody | 101.0 (100.0–102.0) | 8900 |", "| idle: connected, no more | 101.0 (-1.0–102.0) | – |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "Overload") {
		t.Errorf("it tells of a run that was not made:\n%s", text)
	}
	picture, err := os.ReadFile(filepath.Join(out, "load-soak.svg"))
	if err != nil || len(picture) > 50_000 {
		t.Errorf("a picture of %d bytes, %v", len(picture), err)
	}
}
