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
	turnPackets     = prometheus.NewDesc("passerby_turn_relayed_packets_total", "Packets that were relayed, by whom they went to.", []string{"to"}, nil)
	turnBytes       = prometheus.NewDesc("passerby_turn_relayed_bytes_total", "Their payload.", []string{"to"}, nil)
	turnHairpin     = prometheus.NewDesc("passerby_turn_hairpin_packets_total", "Of the packets to clients, those that came straight from another client's relay.", nil, nil)
	turnDropped     = prometheus.NewDesc("passerby_turn_dropped_packets_total", "Packets without a permission, a channel, room or sense.", nil, nil)
	turnChallenges  = prometheus.NewDesc("passerby_turn_challenges_total", "Requests without credentials that were asked for some.", nil, nil)
	turnUnanswered  = prometheus.NewDesc("passerby_turn_unanswered_requests_total", "Requests of strangers beyond what one address is answered.", nil, nil)
	turnLimited     = prometheus.NewDesc("passerby_turn_over_bandwidth_packets_total", "Packets that were dropped for want of bandwidth, by whose limit was reached.", []string{"limit"}, nil)
	turnRedirected  = prometheus.NewDesc("passerby_turn_redirected_requests_total", "Requests for an allocation that were sent to another server.", nil, nil)
	turnMoved       = prometheus.NewDesc("passerby_turn_moved_allocations_total", "Allocations whose client came from another address.", nil, nil)
	turnFailed      = prometheus.NewDesc("passerby_turn_failed_authentications_total", "Failed authentications, by reason.", []string{"reason"}, nil)
)

func (m turnMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{turnAllocations, turnUsers, turnRefused, turnFailed, turnPackets, turnBytes, turnHairpin, turnDropped, turnChallenges, turnUnanswered, turnLimited, turnRedirected, turnMoved} {
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
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(turnPackets, s.ToClients, "client")
	count(turnPackets, s.ToPeers, "peer")
	count(turnBytes, s.ToClientBytes, "client")
	count(turnBytes, s.ToPeerBytes, "peer")
	count(turnHairpin, s.Hairpin)
	count(turnDropped, s.Dropped)
	count(turnChallenges, s.Challenges)
	count(turnUnanswered, s.Unanswered)
	count(turnLimited, s.OverAllocation, "allocation")
	count(turnLimited, s.OverUser, "user")
	count(turnLimited, s.OverServer, "server")
	count(turnRedirected, s.Redirected)
	count(turnMoved, s.Moved)
}
