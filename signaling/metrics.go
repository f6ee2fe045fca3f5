package signaling

import "github.com/prometheus/client_golang/prometheus"

// metrics are what operators watch. All label values come from short fixed lists.
type metrics struct {
	messages *prometheus.CounterVec // type
	errors   *prometheus.CounterVec // code
	matches  *prometheus.CounterVec // mode, region
	ended    *prometheus.CounterVec // reason
	reports  *prometheus.CounterVec // reason
	refused  *prometheus.CounterVec // reason
	forged   prometheus.Counter
	relayed  *prometheus.CounterVec // way
	failures *prometheus.CounterVec // call
	media    *prometheus.CounterVec // event
	slow     prometheus.Counter
	dropped  prometheus.Counter
	panics   prometheus.Counter
	suspects prometheus.Counter
	drained  *prometheus.CounterVec   // way
	taken    *prometheus.CounterVec   // way
	told     *prometheus.CounterVec   // outcome
	waits    *prometheus.HistogramVec // mode, pool
	first    *prometheus.HistogramVec // since, way
	talks    *prometheus.HistogramVec // mode
}

func newMetrics(h *Hub, reg prometheus.Registerer) *metrics {
	m := &metrics{
		messages: counters("messages_total", "Messages from clients, by type.", "type"),
		errors:   counters("errors_total", "Errors told to clients, by code.", "code"),
		matches:  counters("matches_total", "Matches begun, counted at the initiator, by mode, and by region: both sides are of the same, of another, or one of them names none.", "mode", "region"),
		ended:    counters("ended_total", "Ends of matches told to clients, by reason.", "reason"),
		reports:  counters("reports_total", "Reports recorded, by reason.", "reason"),
		refused:  counters("texts_refused_total", "Texts that were not delivered, by reason: the operator's filter, its silence, their form.", "reason"),
		forged:   counter("reports_refused_total", "Reports refused because something that they offered as proof was none."),
		relayed:  counters("relayed_total", "Texts, acks and signals handed to the receiving client, by way.", "way"),
		failures: counters("call_failures_total", "Calls to queue, media and bus that failed, by call.", "call"),
		media:    counters("media_events_total", "Events of peer connections, by kind.", "event"),
		slow:     counter("slow_consumers_total", "Connections cut off because the client did not read."),
		dropped:  counter("mailbox_dropped_total", "Letters dropped because a session's mailbox was full."),
		suspects: counter("suspects_total", "Sessions that were found to behave like a program."),
		panics:   counter("session_panics_total", "Sessions that ended in a panic."),
		drained:  counters("drained_total", "Sessions that a draining node gave away, by way: beside (no break), break (they came to another node after one), left (still here when the time was over).", "way"),
		taken:    counters("taken_over_total", "Sessions of other nodes that went on here, by way: beside (no break), break, node_gone (a break, and the node before did not answer any more).", "way"),
		told:     counters("first_frames_total", "First pictures of matches, by what came of the time that the client said with it: taken, silent, impossible.", "outcome"),
		waits:    seconds("match_wait_seconds", "Time in line of those who were matched, by mode and pool.", waitBuckets, "mode", "pool"),
		first:    seconds("first_frame_seconds", "Time to the first picture as clients report it, since they were told of the match or since they asked for it.", frameBuckets, "since", "way"),
		talks:    seconds("talk_seconds", "How long matches lasted, counted at the initiator, by mode.", talkBuckets, "mode"),
	}
	for _, way := range []string{wayBeside, wayBreak, wayLeft} {
		m.drained.WithLabelValues(way)
	}
	for _, way := range []string{wayBeside, wayBreak, wayNodeGone} {
		m.taken.WithLabelValues(way)
	}
	if reg == nil {
		return m
	}
	reg.MustRegister(m.messages, m.errors, m.matches, m.ended, m.reports, m.refused, m.forged, m.relayed, m.failures, m.media,
		m.slow, m.dropped, m.panics, m.suspects, m.drained, m.taken, m.told, m.waits, m.first, m.talks,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: "drain_seconds", Help: "How long the node drains already; 0 while it does not.",
		}, h.drainSeconds),
		gauge("sessions", "Sessions of this node.", func() int { return h.Stats().Sessions }),
		gauge("connections", "Open WebSocket connections.", func() int { return h.Stats().Connections }),
		gauge("waiting_sessions", "Sessions of this node that look for a partner.", func() int { return h.Stats().Waiting }),
		gauge("matched_sessions", "Sessions of this node that are in a match.", func() int { return h.Stats().Matched }),
	)
	return m
}

// How a session came from one node to another.
const (
	wayBeside   = "beside"
	wayBreak    = "break"
	wayLeft     = "left"
	wayNodeGone = "node_gone"
)

const (
	metricsNamespace = "passerby"
	metricsSubsystem = "signaling"
)

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help,
	}, labels)
}

// Bounds of histograms, in seconds. A match that waits for nobody and a picture that comes in one round trip are the aim.
var (
	waitBuckets  = []float64{.01, .05, .1, .25, .5, 1, 2, 5, 10, 20, 30, 60, 120, 300}
	frameBuckets = []float64{.025, .05, .1, .15, .2, .3, .5, .75, 1, 1.5, 2, 3, 5, 10, 30}
	talkBuckets  = []float64{1, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 10800}
)

func seconds(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help, Buckets: buckets,
	}, labels)
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help,
	})
}

func gauge(name, help string, value func() int) prometheus.GaugeFunc {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help,
	}, func() float64 { return float64(value()) })
}
