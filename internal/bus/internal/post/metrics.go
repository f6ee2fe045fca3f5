package post

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what a bus does.
type Metrics struct {
	Broken prometheus.Counter // times that the way from the broker broke

	sent, envelopes, received, missed, repeated prometheus.Counter
	lost                                        *prometheus.CounterVec // why
}

// NewMetrics makes the counters; reg may be nil.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "passerby", Subsystem: "bus", Name: name, Help: help})
	}
	m := &Metrics{
		sent:      counter("sent_total", "Messages to sessions of other nodes that the broker took."),
		envelopes: counter("envelopes_total", "Envelopes in which they travelled."),
		received:  counter("received_total", "Messages for sessions of this node."),
		missed:    counter("missed_envelopes_total", "Envelopes for this node that never came."),
		repeated:  counter("repeated_envelopes_total", "Envelopes that came twice and were dropped."),
		Broken:    counter("subscriptions_broken_total", "Times that the subscription broke."),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "passerby", Subsystem: "bus", Name: "lost_total", Help: "Messages that were not sent: too many waited, or the broker did not take them.",
		}, []string{"why"}),
	}
	if reg != nil {
		reg.MustRegister(m.sent, m.envelopes, m.received, m.missed, m.repeated, m.Broken, m.lost)
	}
	return m
}
