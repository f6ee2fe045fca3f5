package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"passerby/turn"
)

// turnMetrics shows what the TURN server counts by itself.
type turnMetrics struct{ server *turn.Server }

var (
	turnAllocations = prometheus.NewDesc("passerby_turn_allocations", "Allocations that are alive.", nil, nil)
	turnUsers       = prometheus.NewDesc("passerby_turn_users", "Users that hold an allocation.", nil, nil)
	turnRefused     = prometheus.NewDesc("passerby_turn_refused_peers_total", "Peers that were not relayed to, by reason.", []string{"reason"}, nil)
	turnFailed      = prometheus.NewDesc("passerby_turn_failed_authentications_total", "Failed authentications, by reason.", []string{"reason"}, nil)
)

func (m turnMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{turnAllocations, turnUsers, turnRefused, turnFailed} {
		ch <- d
	}
}

func (m turnMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.server.Stats()
	ch <- prometheus.MustNewConstMetric(turnAllocations, prometheus.GaugeValue, float64(s.Allocations))
	ch <- prometheus.MustNewConstMetric(turnUsers, prometheus.GaugeValue, float64(s.Users))
	for reason, n := range s.Refused {
		ch <- prometheus.MustNewConstMetric(turnRefused, prometheus.CounterValue, float64(n), reason)
	}
	for reason, n := range s.Failed {
		ch <- prometheus.MustNewConstMetric(turnFailed, prometheus.CounterValue, float64(n), reason)
	}
}
