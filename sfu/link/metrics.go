package link

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// counts of one link.
type counts struct {
	sent, sentBytes, received, receivedBytes  atomic.Uint64
	full, tooLong, socket, refused, malformed atomic.Uint64
}

// serverCounts are of what belongs to no link.
type serverCounts struct{ foreign, failed, panics atomic.Uint64 }

// Stats is a snapshot of one link.
type Stats struct {
	Node                     string
	RTT                      time.Duration // 0 before the first is measured
	Sent, Received           uint64        // datagrams
	SentBytes, ReceivedBytes uint64        // of UDP payload
	Dropped                  uint64        // queue or socket full, or too long
	Refused                  uint64        // forged, old or doubled datagrams
	Malformed                uint64        // frames
}

// Stats are those of the links that are up.
func (s *Server) Stats() []Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Stats, 0, len(s.links))
	for _, l := range s.links {
		c := &l.counts
		all = append(all, Stats{
			Node: l.node, RTT: l.RTT(), Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(), Received: c.received.Load(), ReceivedBytes: c.receivedBytes.Load(),
			Dropped: c.full.Load() + c.tooLong.Load() + c.socket.Load(), Refused: c.refused.Load(), Malformed: c.malformed.Load(),
		})
	}
	return all
}

// Panics counts recovered panics; any is a bug.
func (s *Server) Panics() uint64 { return s.stats.panics.Load() }

// metrics collects when somebody asks. Its labels are names of nodes, and only of those whose link is up.
type metrics struct{ s *Server }

var (
	descUp        = desc("up", "1 for each node to which a link is up.", "node")
	descRTT       = desc("round_trip_seconds", "Round trip time of the last ping.", "node")
	descSent      = desc("sent_packets_total", "Datagrams sent to a node.", "node")
	descSentB     = desc("sent_bytes_total", "Their bytes, as UDP payload.", "node")
	descReceived  = desc("received_packets_total", "Datagrams of a node that were genuine.", "node")
	descReceivedB = desc("received_bytes_total", "Their bytes, as UDP payload.", "node")
	descDropped   = desc("dropped_packets_total", "Datagrams to a node for which there was no room.", "node")
	descRefused   = desc("refused_packets_total", "Datagrams from a node's address that were forged, old, doubled or malformed.", "node")
	descForeign   = desc("foreign_packets_total", "Datagrams from addresses without a link that began none.")
	descFailed    = desc("failed_handshakes_total", "Handshakes that led to no link.")
	descPanics    = desc("panics_total", "Recovered panics; any is a bug.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("passerby_link_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (m metrics) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(m, ch) }

// Collect implements prometheus.Collector.
func (m metrics) Collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, v uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
	}
	for _, l := range m.s.Stats() {
		ch <- prometheus.MustNewConstMetric(descUp, prometheus.GaugeValue, 1, l.Node)
		ch <- prometheus.MustNewConstMetric(descRTT, prometheus.GaugeValue, l.RTT.Seconds(), l.Node)
		count(descSent, l.Sent, l.Node)
		count(descSentB, l.SentBytes, l.Node)
		count(descReceived, l.Received, l.Node)
		count(descReceivedB, l.ReceivedBytes, l.Node)
		count(descDropped, l.Dropped, l.Node)
		count(descRefused, l.Refused+l.Malformed, l.Node)
	}
	count(descForeign, m.s.stats.foreign.Load())
	count(descFailed, m.s.stats.failed.Load())
	count(descPanics, m.s.stats.panics.Load())
}
