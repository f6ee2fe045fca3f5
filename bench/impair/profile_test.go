package impair_test

import (
	"math"
	"testing"
	"time"

	"passerby/bench/impair"

	"github.com/google/go-cmp/cmp"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// fates runs n packets, 1 ms apart, through a shaper.
func fates(s *impair.Shaper, n int) [][]time.Duration {
	all := make([][]time.Duration, n)
	for i := range n {
		now := start.Add(time.Duration(i) * time.Millisecond)
		for _, t := range s.Fate(now, 100, nil) {
			all[i] = append(all[i], t.Sub(now))
		}
	}
	return all
}

func TestAPerfectLineChangesNothing(t *testing.T) {
	for i, f := range fates(impair.NewShaper(impair.Profile{}, 1, 1), 100) {
		if len(f) != 1 || f[0] != 0 {
			t.Fatalf("packet %d leaves after %v, want at once", i, f)
		}
	}
}

func TestRates(t *testing.T) {
	const n = 20000
	tests := map[string]struct {
		profile             impair.Profile
		lost, doubled, late float64
		shortest, longest   time.Duration
	}{
		"delay":     {profile: impair.Profile{Delay: 50 * time.Millisecond}, shortest: 50 * time.Millisecond, longest: 50 * time.Millisecond},
		"jitter":    {profile: impair.Profile{Delay: 10 * time.Millisecond, Jitter: 30 * time.Millisecond}, shortest: 10 * time.Millisecond, longest: 40 * time.Millisecond},
		"loss":      {profile: impair.Profile{Loss: 0.05}, lost: 0.05},
		"duplicate": {profile: impair.Profile{Duplicate: 0.1}, doubled: 0.1},
		"reorder":   {profile: impair.Profile{Reorder: 0.02, ReorderBy: 15 * time.Millisecond}, late: 0.02, longest: 15 * time.Millisecond},
		"all lost":  {profile: impair.Profile{Loss: 1}, lost: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var lost, doubled, late int
			shortest, longest := time.Hour, time.Duration(0)
			for _, f := range fates(impair.NewShaper(test.profile, 7, 3), n) {
				switch len(f) {
				case 0:
					lost++
					continue
				case 2:
					doubled++
				}
				shortest, longest = min(shortest, f[0]), max(longest, f[0])
				if test.profile.Reorder > 0 && f[0] > 0 {
					late++
				}
			}
			for what, p := range map[string][2]float64{
				"lost": {float64(lost) / n, test.lost}, "doubled": {float64(doubled) / n, test.doubled}, "late": {float64(late) / n, test.late},
			} {
				if slack := 4 * math.Sqrt(p[1]*(1-p[1])/n); math.Abs(p[0]-p[1]) > slack {
					t.Errorf("%s: %.4f of the packets, want %.4f ± %.4f", what, p[0], p[1], slack)
				}
			}
			if lost < n && (shortest < test.shortest || longest > test.longest) {
				t.Errorf("delays from %v to %v, want within %v to %v", shortest, longest, test.shortest, test.longest)
			}
		})
	}
}

func TestJitterKeepsTheOrderAndReorderBreaksIt(t *testing.T) {
	count := func(p impair.Profile) (overtaken int) {
		s, newest := impair.NewShaper(p, 5, 5), start
		for i := range 5000 {
			for _, leave := range s.Fate(start.Add(time.Duration(i)*time.Millisecond), 100, nil) {
				if leave.Before(newest) {
					overtaken++
				}
				if leave.After(newest) {
					newest = leave
				}
			}
		}
		return overtaken
	}
	if n := count(impair.Profile{Delay: 5 * time.Millisecond, Jitter: 40 * time.Millisecond}); n != 0 {
		t.Errorf("jitter alone: %d packets overtaken, want none", n)
	}
	if n := count(impair.Profile{Reorder: 0.1}); n < 300 {
		t.Errorf("reorder: %d packets overtaken, want hundreds", n)
	}
}

func TestSameSeedSameFate(t *testing.T) {
	p := impair.Profile{Delay: time.Millisecond, Jitter: time.Millisecond, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1}
	first, again := fates(impair.NewShaper(p, 1, 2), 1000), fates(impair.NewShaper(p, 1, 2), 1000)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the same seed and flow differ:\n%s", diff)
	}
	if cmp.Equal(first, fates(impair.NewShaper(p, 1, 3), 1000)) {
		t.Error("another flow has the same fate")
	}
	// Switching on another impairment does not change which packets are lost.
	q := p
	q.Duplicate, q.Jitter, q.Reorder = 0, 0, 0
	for i, f := range fates(impair.NewShaper(q, 1, 2), 1000) {
		if (len(f) == 0) != (len(first[i]) == 0) {
			t.Fatalf("packet %d: lost differs when only other settings changed", i)
		}
	}
}

func TestValidate(t *testing.T) {
	for name, p := range map[string]impair.Profile{
		"loss over 1":        {Loss: 1.1},
		"negative duplicate": {Duplicate: -0.1},
		"NaN":                {Reorder: math.NaN()},
		"negative delay":     {Delay: -1},
	} {
		if p.Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := (impair.Profile{Delay: time.Second, Loss: 1}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestRate: a bottleneck passes its rate, queues for so long, and drops the rest, while it is on.
func TestRate(t *testing.T) {
	s := impair.NewShaper(impair.Profile{Rate: 80_000, Buffer: 300 * time.Millisecond, RateAfter: time.Second, RateUntil: 11 * time.Second}, 1, 1)
	passed := map[string]int{}
	for ms := 0; ms < 13_000; ms += 50 { // 1000 bytes each: twice the rate
		now := start.Add(time.Duration(ms) * time.Millisecond)
		times := s.Fate(now, 1000, nil)
		if len(times) == 0 {
			continue
		}
		when := "before"
		if ms >= 11_000 {
			when = "after"
		} else if ms >= 1000 {
			when = "on"
		}
		passed[when]++
		if wait := times[0].Sub(now); wait > 400*time.Millisecond || when == "before" && wait != 0 {
			t.Errorf("at %d ms a packet waits %v", ms, wait)
		}
	}
	if passed["before"] != 20 || passed["after"] != 40 || passed["on"] < 100 || passed["on"] > 105 {
		t.Errorf("passed: %v", passed)
	}
}
