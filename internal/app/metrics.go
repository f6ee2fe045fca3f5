package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"passerby/turn"
)

// turnMetrics shows what the TURN server counts by itself.
type turnMetrics struct{ server *turn.Server }

var (
	turnAllocations = prometheus.NewDesc("passerby_turn_allocations", "Allocations that are alive, by the client's transport.", []string{"transport"}, nil)
	turnConnections = prometheus.NewDesc("passerby_turn_connections", "Open connections of clients over TCP, TLS and DTLS.", []string{"transport"}, nil)
	turnReserved    = prometheus.NewDesc("passerby_turn_reserved_ports", "Ports that wait for an allocation.", nil, nil)
	turnUsers       = prometheus.NewDesc("passerby_turn_users", "Users that hold an allocation.", nil, nil)
	turnRefused     = prometheus.NewDesc("passerby_turn_refused_peers_total", "Peers that were not relayed to, by reason.", []string{"reason"}, nil)
	turnPackets     = prometheus.NewDesc("passerby_turn_relayed_packets_total", "Packets that were relayed, by whom they went to and the client's transport.", []string{"transport", "to"}, nil)
	turnBytes       = prometheus.NewDesc("passerby_turn_relayed_bytes_total", "Their payload.", []string{"transport", "to"}, nil)
	turnHairpin     = prometheus.NewDesc("passerby_turn_hairpin_packets_total", "Of the packets to clients, those that came straight from another client's relay.", nil, nil)
	turnDropped     = prometheus.NewDesc("passerby_turn_dropped_packets_total", "Packets without a permission, a channel, room or sense.", []string{"transport"}, nil)
	turnChallenges  = prometheus.NewDesc("passerby_turn_challenges_total", "Requests without credentials that were asked for some.", []string{"transport"}, nil)
	turnUnanswered  = prometheus.NewDesc("passerby_turn_unanswered_requests_total", "Requests of strangers beyond what one address is answered.", nil, nil)
	turnTunnels     = prometheus.NewDesc("passerby_turn_tcp_relays", "Relayed TCP connections, each side with a client counted.", nil, nil)
	turnTunnelBytes = prometheus.NewDesc("passerby_turn_tcp_relayed_bytes_total", "Bytes of relayed TCP connections, by whom they went to.", []string{"to"}, nil)
	turnAbandoned   = prometheus.NewDesc("passerby_turn_tcp_abandoned_total", "TCP connections of peers that no client came for in time.", nil, nil)
	turnHeld        = prometheus.NewDesc("passerby_turn_tcp_waits_total", "Times that a relayed TCP connection had to wait for bandwidth.", nil, nil)
	turnLimited     = prometheus.NewDesc("passerby_turn_over_bandwidth_packets_total", "Packets that were dropped for want of bandwidth, by whose limit was reached.", []string{"limit"}, nil)
	turnRedirected  = prometheus.NewDesc("passerby_turn_redirected_requests_total", "Requests for an allocation that were sent to another server.", nil, nil)
	turnMoved       = prometheus.NewDesc("passerby_turn_moved_allocations_total", "Allocations whose client came from another address.", nil, nil)
	turnFailed      = prometheus.NewDesc("passerby_turn_failed_authentications_total", "Failed authentications, by reason.", []string{"transport", "reason"}, nil)
)

func (m turnMetrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{turnAllocations, turnConnections, turnReserved, turnUsers, turnRefused, turnFailed, turnPackets, turnBytes, turnHairpin, turnDropped, turnChallenges, turnUnanswered, turnTunnels, turnTunnelBytes, turnAbandoned, turnHeld, turnLimited, turnRedirected, turnMoved} {
		ch <- d
	}
}

func (m turnMetrics) Collect(ch chan<- prometheus.Metric) {
	s := m.server.Stats()
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	for i, by := range s.By {
		transport := turn.Transport(i) //nolint:gosec // four
		name := transport.String()
		gauge(turnAllocations, by.Allocations, name)
		if transport != turn.UDP {
			gauge(turnConnections, by.Connections, name)
		}
		count(turnPackets, by.ToClients, name, "client")
		count(turnPackets, by.ToPeers, name, "peer")
		count(turnBytes, by.ToClientBytes, name, "client")
		count(turnBytes, by.ToPeerBytes, name, "peer")
		count(turnDropped, by.Dropped, name)
		count(turnChallenges, by.Challenges, name)
		for reason, n := range by.Failed {
			count(turnFailed, n, name, reason)
		}
	}
	gauge(turnUsers, s.Users)
	gauge(turnReserved, s.Reserved)
	gauge(turnTunnels, s.Tunnels)
	for reason, n := range s.Refused {
		count(turnRefused, n, reason)
	}
	count(turnHairpin, s.Hairpin)
	count(turnUnanswered, s.Unanswered)
	count(turnTunnelBytes, s.TunnelToClients, "client")
	count(turnTunnelBytes, s.TunnelToPeers, "peer")
	count(turnAbandoned, s.Abandoned)
	count(turnHeld, s.Held)
	count(turnLimited, s.OverAllocation, "allocation")
	count(turnLimited, s.OverUser, "user")
	count(turnLimited, s.OverServer, "server")
	count(turnRedirected, s.Redirected)
	count(turnMoved, s.Moved)
}
