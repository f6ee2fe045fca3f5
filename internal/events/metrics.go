package events

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"passerby/internal/store"
)

const backlogEvery = 15 * time.Second

// Metrics are those of all relays of a node.
type Metrics struct {
	count   *prometheus.CounterVec
	waiting *prometheus.GaugeVec
	oldest  *prometheus.GaugeVec
	delay   *prometheus.HistogramVec

	mu     sync.Mutex // guards looked
	looked map[string]time.Time
}

// NewMetrics registers them; a nil Registerer registers nothing.
func NewMetrics(r prometheus.Registerer) *Metrics {
	make, sink := promauto.With(r), []string{"sink"}
	return &Metrics{
		count:   make.NewCounterVec(prometheus.CounterOpts{Name: "passerby_events_total", Help: "Events for outside systems, by sink and what became of them."}, []string{"sink", "outcome"}),
		waiting: make.NewGaugeVec(prometheus.GaugeOpts{Name: "passerby_events_waiting", Help: "Events in the outbox that a sink has not got yet; all nodes see the same."}, sink),
		oldest:  make.NewGaugeVec(prometheus.GaugeOpts{Name: "passerby_events_oldest_seconds", Help: "Age of the oldest event that a sink has not got yet."}, sink),
		delay: make.NewHistogramVec(prometheus.HistogramOpts{
			Name: "passerby_events_delay_seconds", Help: "From what happened to the sink's word that it has the event.", Buckets: []float64{.5, 1, 2, 5, 10, 60, 600, 3600, 6 * 3600, 24 * 3600},
		}, sink),
		looked: map[string]time.Time{},
	}
}

func (m *Metrics) start(sink string) {
	for _, outcome := range []string{"delivered", "failed_try", "given_up"} {
		m.count.WithLabelValues(sink, outcome)
	}
}

func (m *Metrics) delivered(sink string, after time.Duration) {
	m.count.WithLabelValues(sink, "delivered").Inc()
	m.delay.WithLabelValues(sink).Observe(max(0, after.Seconds()))
}

// backlog looks at what waits, not too often.
func (m *Metrics) backlog(ctx context.Context, sink string, o store.Outbox) {
	m.mu.Lock()
	due := time.Since(m.looked[sink]) >= backlogEvery
	if due {
		m.looked[sink] = time.Now()
	}
	m.mu.Unlock()
	if !due {
		return
	}
	b, err := o.EventBacklog(ctx, sink)
	if err != nil {
		return
	}
	age := 0.0
	if !b.Oldest.IsZero() {
		age = time.Since(b.Oldest).Seconds()
	}
	m.waiting.WithLabelValues(sink).Set(float64(b.Waiting))
	m.oldest.WithLabelValues(sink).Set(age)
}
