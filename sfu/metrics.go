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
	lostIn, lostOut                   [2]uint64
	malformed, unknown, panics        uint64
	repaired, probes                  uint64
	limits                            []int64 // of the peers that have one, in bits per second
}

// metrics collects: packets are counted where they pass, in the peer's own
// memory, and summed when somebody asks.
type metrics struct {
	server   *Server
	refused  atomic.Uint64
	messages [2]atomic.Uint64 // received, sent
	garbled  atomic.Uint64    // video packets of other nodes that could not be parsed
	rings    sync.Pool

	roundTrip prometheus.Histogram

	mu   sync.Mutex // guards past
	past counts     // of peers that are gone
}

func (p *peer) addTo(c *counts) {
	c.malformed += p.malformed.Load()
	c.unknown += p.unknown.Load()
	c.panics += p.panics.Load()
	for u := range p.uplinks {
		kind := u.kind
		c.received[kind] += u.packets.Load()
		c.receivedBytes[kind] += u.bytes.Load()
		c.requests[kind] += u.requests.Load()
		c.repaired += u.repaired.Load()
		c.lostIn[kind] += u.lost.Load()
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
		c.lostOut[kind] += d.lost.Load()
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
		if bits := p.outward.limit.Load(); bits > 0 {
			c.limits = append(c.limits, bits)
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
	descLost       = desc("lost_packets_total", "RTP packets that were missing when a report was made: in, by us of a browser's; out, by a browser of ours.", "kind", "direction")
	descEstimates  = desc("estimate_bits", "What the networks of the limited peers take now, in bits per second: a picture of this moment, not a sum since the start.")
	descRequests   = desc("keyframe_requests_total", "Key frame requests to browsers.")
	descDropped    = desc("dropped_packets_total", "Packets not forwarded, by reason.", "reason")
	descRefused    = desc("refused_offers_total", "Offers that could not be answered.")
	descTCPRefused = desc("refused_tcp_connections_total", "TCP connections closed at once: too many, in all or from one address.")
	descRepaired   = desc("repaired_packets_total", "Lost packets that a sender sent again.")
	descProbes     = desc("probe_packets_total", "Packets sent again to find out whether a receiver's network takes more.")
	descLimited    = desc("limited_peers", "Peers whose network takes less than they could be sent.")
	descMessages   = desc("messages_total", "Data channel messages.", "direction")
	descTape       = desc("recording_bytes", "Memory of the encrypted recordings that reports may open: those that run, and those that ended within the last minute.")
	descTapeMost   = desc("recording_limit_bytes", "The most that all recordings together may take; then the oldest that is over gives way.")
	descPanics     = desc("panics_total", "Recovered panics; any is a bug.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("passerby_sfu_"+name, help, labels, nil)
}

// steps are the bounds of the buckets of estimates, in bits per second.
var steps = []float64{50e3, 100e3, 200e3, 300e3, 500e3, 800e3, 1.2e6, 2e6, 3e6, 5e6}

// estimates counts limits in buckets.
func estimates(limits []int64) prometheus.Metric {
	buckets := make(map[float64]uint64, len(steps))
	var sum float64
	for _, step := range steps {
		buckets[step] = 0
		for _, bits := range limits {
			if float64(bits) <= step {
				buckets[step]++
			}
		}
	}
	for _, bits := range limits {
		sum += float64(bits)
	}
	return prometheus.MustNewConstHistogram(descEstimates, uint64(len(limits)), sum, buckets)
}

func newMetrics(s *Server) *metrics {
	return &metrics{server: s, roundTrip: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "passerby_sfu_round_trip_seconds", Help: "From here to a browser and back, by its reports of video.",
		Buckets: []float64{.005, .01, .02, .05, .1, .15, .2, .3, .5, 1, 2},
	})}
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
	gauge(descLimited, len(c.limits))
	ch <- estimates(c.limits)
	m.roundTrip.Collect(ch)
	count(descRepaired, c.repaired)
	count(descProbes, c.probes)
	for kind, name := range kindNames {
		count(descReceived, c.received[kind], name)
		count(descReceivedB, c.receivedBytes[kind], name)
		count(descSent, c.sent[kind], name)
		count(descSentB, c.sentBytes[kind], name)
		count(descResent, c.resent[kind], name)
		count(descLost, c.lostIn[kind], name, "in")
		count(descLost, c.lostOut[kind], name, "out")
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
	if k := m.server.deck; k != nil {
		gauge(descTape, int(k.held.Load())*chunkSize)
		gauge(descTapeMost, int(k.total)*chunkSize)
	}
	count(descRefused, m.refused.Load())
	count(descMessages, m.messages[0].Load(), "in")
	count(descMessages, m.messages[1].Load(), "out")
	count(descPanics, c.panics)
}
