package sfu

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// counts are sums over peers, by kind where an array of two.
type counts struct {
	received, receivedBytes, requests [2]uint64
	sent, sentBytes, resent           [2]uint64
	unanswered, gated, late, failed   [2]uint64
	malformed, unknown, panics        uint64
	repaired, probes                  uint64
	limited                           int
}

// metrics collects: packets are counted where they pass, in the peer's own
// memory, and summed when somebody asks.
type metrics struct {
	server   *Server
	refused  atomic.Uint64
	messages [2]atomic.Uint64 // received, sent
	garbled  atomic.Uint64    // video packets of other nodes that could not be parsed
	rings    sync.Pool

	mu   sync.Mutex // guards past
	past counts     // of peers that are gone
}

func (p *peer) addTo(c *counts) {
	c.malformed += p.malformed.Load()
	c.unknown += p.unknown.Load()
	c.panics += p.panics.Load()
	for kind := range p.up {
		u := &p.up[kind]
		c.received[kind] += u.packets.Load()
		c.receivedBytes[kind] += u.bytes.Load()
		c.requests[kind] += u.requests.Load()
		c.repaired += u.repaired.Load()
	}
	for d := range p.downlinks {
		kind := d.kind
		c.sent[kind] += d.sent.Load()
		c.sentBytes[kind] += d.octets.Load()
		c.resent[kind] += d.resent.Load()
		c.unanswered[kind] += d.unanswered.Load()
		c.gated[kind] += d.gated.Load()
		c.late[kind] += d.late.Load()
		c.failed[kind] += d.failed.Load()
		c.probes += d.probes.Load()
	}
}

// retire keeps the counts of a peer that ends.
func (m *metrics) retire(p *peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p.addTo(&m.past)
}

// Stats is a snapshot of the server.
type Stats struct {
	Peers     int    // with an answered offer
	Routes    int    // slots that are fed
	Received  uint64 // RTP packets from browsers
	Sent      uint64 // RTP packets to browsers, first sendings and repairs
	Resent    uint64 // of these, answers to NACKs
	KeyFrames uint64 // requests sent to browsers
	Dropped   uint64 // packets held back by gates or too late
	Malformed uint64 // packets that could not be parsed
	OverRate  uint64 // UDP packets over Config.UplinkBits or UplinkPackets
	Unproven  uint64 // packets not sent to an address that proved nothing yet
	Panics    uint64 // packets and messages that made the server panic; always a bug
}

// Stats counts what is and was.
func (s *Server) Stats() Stats {
	c, peers, routes := s.metrics.sum()
	u := s.ends.udp.Stats()
	return Stats{
		OverRate: u.Limited, Unproven: u.Unproven,
		Peers: peers, Routes: routes,
		Received: c.received[0] + c.received[1], Sent: c.sent[0] + c.sent[1],
		Resent: c.resent[0] + c.resent[1], KeyFrames: c.requests[0] + c.requests[1],
		Dropped:   c.gated[0] + c.gated[1] + c.late[0] + c.late[1],
		Malformed: c.malformed, Panics: c.panics,
	}
}

func (m *metrics) sum() (c counts, peers, routes int) {
	s := m.server
	s.mu.Lock()
	live := make([]*peer, 0, len(s.seats))
	for _, seat := range s.seats {
		if p := seat.peer.Load(); p != nil {
			live = append(live, p)
		}
		for range seat.routes {
			routes++
		}
	}
	m.mu.Lock()
	c = m.past
	m.mu.Unlock()
	s.mu.Unlock()
	c.malformed += m.garbled.Load()
	if s.link != nil {
		c.panics += s.link.Panics()
	}
	for _, p := range live {
		p.addTo(&c)
		if p.outward.limit.Load() > 0 {
			c.limited++
		}
	}
	return c, len(live), routes
}

var (
	descPeers      = desc("peers", "Peers with an answered offer.")
	descRoutes     = desc("routes", "Places of peers that are fed by another.")
	descReceived   = desc("received_packets_total", "RTP packets from browsers.", "kind")
	descReceivedB  = desc("received_bytes_total", "RTP payload bytes from browsers.", "kind")
	descSent       = desc("sent_packets_total", "RTP packets to browsers, repairs included.", "kind")
	descSentB      = desc("sent_bytes_total", "RTP payload bytes to browsers.", "kind")
	descResent     = desc("resent_packets_total", "Packets sent again for a NACK.", "kind")
	descRequests   = desc("keyframe_requests_total", "Key frame requests to browsers.")
	descDropped    = desc("dropped_packets_total", "Packets not forwarded, by reason.", "reason")
	descRefused    = desc("refused_offers_total", "Offers that could not be answered.")
	descTCPRefused = desc("refused_tcp_connections_total", "TCP connections closed at once: too many, in all or from one address.")
	descRepaired   = desc("repaired_packets_total", "Lost packets that a sender sent again.")
	descProbes     = desc("probe_packets_total", "Packets sent twice to find out whether a receiver's network takes more.")
	descLimited    = desc("limited_peers", "Peers whose network takes less than they could be sent.")
	descMessages   = desc("messages_total", "Data channel messages.", "direction")
	descPanics     = desc("panics_total", "Recovered panics; any is a bug.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("passerby_sfu_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	c, peers, routes := m.sum()
	gauge := func(d *prometheus.Desc, v int) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v))
	}
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	gauge(descPeers, peers)
	gauge(descRoutes, routes)
	gauge(descLimited, c.limited)
	count(descRepaired, c.repaired)
	count(descProbes, c.probes)
	for kind, name := range kindNames {
		count(descReceived, c.received[kind], name)
		count(descReceivedB, c.receivedBytes[kind], name)
		count(descSent, c.sent[kind], name)
		count(descSentB, c.sentBytes[kind], name)
		count(descResent, c.resent[kind], name)
	}
	count(descRequests, c.requests[video])
	count(descDropped, c.gated[0]+c.gated[1], "gate")
	count(descDropped, c.late[0]+c.late[1], "late")
	count(descDropped, c.failed[0]+c.failed[1], "write")
	count(descDropped, c.unanswered[0]+c.unanswered[1], "nack_unanswered")
	count(descDropped, c.malformed, "malformed")
	count(descDropped, c.unknown, "unknown_payload")
	u := m.server.ends.udp.Stats()
	count(descDropped, u.Limited, "rate")
	count(descDropped, u.Unproven, "unproven_address")
	count(descDropped, u.Unknown, "unknown_sender")
	count(descDropped, u.Full, "queue")
	if o := m.server.ends.accepted; o != nil {
		count(descTCPRefused, o.refused.Load())
	}
	count(descRefused, m.refused.Load())
	count(descMessages, m.messages[0].Load(), "in")
	count(descMessages, m.messages[1].Load(), "out")
	count(descPanics, c.panics)
}
