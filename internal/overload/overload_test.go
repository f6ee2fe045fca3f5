package overload

import (
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var marks = Marks{CPU: 0.9, Lag: 100 * time.Millisecond, Memory: 0.9}

// One story a line: seconds of a sample, and what the node is at their end.
func TestJudge(t *testing.T) {
	type stretch struct {
		seconds int
		s       Sample
		full    string
	}
	busy, idle, nearly := Sample{CPU: 1}, Sample{CPU: 0.2}, Sample{CPU: 0.85}
	for name, story := range map[string][]stretch{
		"quiet":                               {{60, idle, ""}},
		"a peak is forgiven":                  {{60, idle, ""}, {4, busy, ""}, {60, idle, ""}},
		"lasting load":                        {{60, idle, ""}, {30, busy, "cpu"}},
		"almost calm is not calm":             {{30, busy, "cpu"}, {60, nearly, "cpu"}, {30, idle, ""}},
		"it opens late, and closes again":     {{30, busy, "cpu"}, {12, idle, "cpu"}, {20, idle, ""}, {30, busy, "cpu"}},
		"a moment's quiet does not open":      {{30, busy, "cpu"}, {10, idle, "cpu"}, {2, Sample{Lag: time.Second}, "cpu"}, {10, idle, "cpu"}},
		"packets wait though there is CPU":    {{10, Sample{CPU: 0.3, Lag: 150 * time.Millisecond}, "lag"}},
		"memory":                              {{10, Sample{Memory: 0.95}, "memory"}, {60, Sample{Memory: 0.85}, "memory"}, {20, Sample{Memory: 0.5}, ""}},
		"a single slow moment is none of lag": {{3, Sample{Lag: time.Second}, ""}, {1, idle, ""}, {3, Sample{Lag: time.Second}, ""}},
	} {
		j, now := Judge{Marks: marks}, time.Unix(1_900_000_000, 0)
		for i, part := range story {
			full, why := false, ""
			for range part.seconds {
				now = now.Add(time.Second)
				full, why = j.Take(now, part.s)
			}
			if why != part.full || full != (part.full != "") {
				t.Errorf("%s, part %d: %v %q, want %q", name, i, full, why, part.full)
			}
		}
	}
	if full, _ := (&Judge{}).Take(time.Now(), Sample{CPU: 9, Lag: time.Hour, Memory: 9}); full {
		t.Error("without marks a node was full")
	}
}

// The door closes under load and opens after it, by itself; those who are refused are told different moments.
func TestDoor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var load atomic.Pointer[Sample]
		load.Store(&Sample{CPU: 1})
		reg := prometheus.NewRegistry()
		d := New(marks, func() Sample { return *load.Load() }, slog.New(slog.DiscardHandler), reg)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		room := func(want bool) time.Duration {
			t.Helper()
			synctest.Wait()
			wait, ok := d.Room()
			if ok != want || ok != (d.Full() == "") {
				t.Fatalf("room %v (%q), want %v", ok, d.Full(), want)
			}
			return wait
		}
		room(true)
		time.Sleep(4 * time.Second)
		room(true)
		time.Sleep(4 * time.Second)
		different := map[time.Duration]bool{}
		for range 20 {
			wait := room(false)
			if wait < Leave || wait > 2*Leave {
				t.Errorf("told to come again in %v", wait)
			}
			different[wait] = true
		}
		if len(different) < 10 {
			t.Error("all come back at the same moment")
		}
		load.Store(&Sample{})
		time.Sleep(10 * time.Second)
		room(false)
		time.Sleep(20 * time.Second)
		room(true)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP passerby_overload_refused_total Newcomers who were told that the node is full, by the signal that made it so.
# TYPE passerby_overload_refused_total counter
passerby_overload_refused_total{signal="cpu"} 21
passerby_overload_refused_total{signal="lag"} 0
passerby_overload_refused_total{signal="memory"} 0
`), "passerby_overload_refused_total"); err != nil {
			t.Error(err)
		}
	})
}

// The sampler sees a processor that is kept busy, and goroutines that wait.
func TestSampler(t *testing.T) {
	s := NewSampler()
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end); { //nolint:revive // burns a processor
	}
	got := s.Sample()
	if got.CPU <= 0.001 || got.CPU > 1.5 || got.Lag < 0 || got.Memory < 0 {
		t.Errorf("%+v", got)
	}
}

func TestPercentile(t *testing.T) {
	bounds := []float64{0, 1, 2, 3, math.Inf(1)}
	for _, tt := range []struct {
		counts []uint64
		want   float64
	}{{[]uint64{0, 0, 0, 0}, 0}, {[]uint64{100, 0, 0, 0}, 1}, {[]uint64{98, 0, 2, 0}, 3}, {[]uint64{0, 0, 0, 5}, 3}} {
		var all uint64
		for _, n := range tt.counts {
			all += n
		}
		if got := percentile(tt.counts, bounds, all); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.counts, got, tt.want)
		}
	}
}

func TestMemoryLimit(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		cgroup string
		soft   int64
		want   float64
	}{{"", math.MaxInt64, 0}, {"max\n", math.MaxInt64, 0}, {"1000\n", math.MaxInt64, 1000}, {"1000\n", 500, 500}, {"max\n", 500, 500}, {"nonsense", 500, 500}} {
		if err := os.WriteFile(filepath.Join(dir, "memory.max"), []byte(tt.cgroup), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := memoryLimit(dir, tt.soft); got != tt.want {
			t.Errorf("%q, %d: %v, want %v", tt.cgroup, tt.soft, got, tt.want)
		}
	}
}
