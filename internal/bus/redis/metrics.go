package redis

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	sent, envelopes, received, missed, repeated, broken prometheus.Counter
	lost                                                *prometheus.CounterVec // why
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "passerby", Subsystem: "bus", Name: name, Help: help})
	}
	m := &metrics{
		sent:      counter("sent_total", "Messages to sessions of other nodes that Redis took."),
		envelopes: counter("envelopes_total", "Envelopes in which they travelled."),
		received:  counter("received_total", "Messages for sessions of this node."),
		missed:    counter("missed_envelopes_total", "Envelopes for this node that never came."),
		repeated:  counter("repeated_envelopes_total", "Envelopes that came twice and were dropped."),
		broken:    counter("subscriptions_broken_total", "Times that the subscription broke."),
		lost: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "passerby", Subsystem: "bus", Name: "lost_total", Help: "Messages that were not sent: too many waited, or Redis did not take them.",
		}, []string{"why"}),
	}
	if reg != nil {
		reg.MustRegister(m.sent, m.envelopes, m.received, m.missed, m.repeated, m.broken, m.lost)
	}
	return m
}
