package proof

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	asked  *prometheus.CounterVec // why
	proofs *prometheus.CounterVec // result
	ranges prometheus.Counter
}

func newMetrics(g *Guard) metrics {
	name := func(s string) string { return "passerby_proof_" + s }
	m := metrics{
		asked:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("asked_total"), Help: "Requests for a session that were answered with a puzzle, by why."}, []string{"why"}),
		proofs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("checked_total"), Help: "Proofs of work that came, by what was found."}, []string{"result"}),
		ranges: prometheus.NewCounter(prometheus.CounterOpts{Name: name("ranges_raised_total"), Help: "Times that a range of addresses was found to attack."}),
	}
	if g.cfg.Registerer == nil {
		return m
	}
	g.cfg.Registerer.MustRegister(m.asked, m.proofs, m.ranges,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name("site_raised"), Help: "1 while newcomers solve a puzzle since the whole site is under attack."}, func() float64 {
			g.mu.Lock()
			defer g.mu.Unlock()
			if g.site.At(time.Since(g.began), g.cfg.SiteRate).Raised() {
				return 1
			}
			return 0
		}))
	return m
}

func (m metrics) checked(err error) {
	result := "right"
	for name, known := range map[string]error{"forged": ErrForged, "expired": ErrExpired, "wrong": ErrWrong, "used": ErrUsed} {
		if errors.Is(err, known) {
			result = name
		}
	}
	m.proofs.WithLabelValues(result).Inc()
}
