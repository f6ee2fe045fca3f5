package overload

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const every = time.Second

// Door says whether there is room for somebody new. Make it with New.
type Door struct {
	sample func() Sample
	log    *slog.Logger

	mu    sync.Mutex // guards what follows
	judge Judge
	last  Sample
	full  bool
	why   string

	refused *prometheus.CounterVec
}

// New makes a door that is open until Run finds otherwise. sample answers how the node is since the last call.
func New(marks Marks, sample func() Sample, log *slog.Logger, reg prometheus.Registerer) *Door {
	d := &Door{sample: sample, log: log, judge: Judge{Marks: marks}}
	d.refused = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "passerby", Subsystem: "overload", Name: "refused_total", Help: "Newcomers who were told that the node is full, by the signal that made it so.",
	}, []string{"signal"})
	for _, s := range Signals {
		d.refused.WithLabelValues(s)
	}
	gauge := func(name, help string, value func(Sample) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "passerby", Subsystem: "overload", Name: name, Help: help}, func() float64 {
			d.mu.Lock()
			defer d.mu.Unlock()
			return value(d.last)
		})
	}
	reg.MustRegister(d.refused,
		gauge("cpu_ratio", "Share of the processors that the process may use, in the last second.", func(s Sample) float64 { return s.CPU }),
		gauge("lag_seconds", "What 99 of 100 goroutines that could run waited at most for a processor, in the last second.", func(s Sample) float64 { return s.Lag.Seconds() }),
		gauge("memory_ratio", "Share of the memory that the process may use; 0: no limit is known.", func(s Sample) float64 { return s.Memory }),
		gauge("full", "1 while the node takes nobody new.", func(Sample) float64 {
			if d.full {
				return 1
			}
			return 0
		}))
	return d
}

// Run samples until ctx is done; it returns nil then.
func (d *Door) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			d.take(now, d.sample())
		}
	}
}

func (d *Door) take(now time.Time, s Sample) {
	d.mu.Lock()
	defer d.mu.Unlock()
	before, why := d.full, d.why
	d.last = s
	d.full, d.why = d.judge.Take(now, s)
	switch {
	case d.full && !before:
		d.log.Warn("the node is full and takes nobody new", "signal", d.why, "cpu", s.CPU, "lag", s.Lag, "memory", s.Memory)
	case !d.full && before:
		d.log.Info("the node takes newcomers again", "signal", why, "cpu", s.CPU, "lag", s.Lag, "memory", s.Memory)
	}
}

// Room says whether somebody new may come in, and else when to try again. The moments are spread over as much time
// as it takes to open, so that those who were sent away do not come back together.
func (d *Door) Room() (wait time.Duration, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.full {
		return 0, true
	}
	d.refused.WithLabelValues(d.why).Inc()
	return Leave + rand.N(Leave), false
}

// Full says which signal makes the node full; "" when it is not.
func (d *Door) Full() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.why
}
