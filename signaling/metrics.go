package signaling

import "github.com/prometheus/client_golang/prometheus"

// metrics are what operators watch. All label values come from short fixed lists.
type metrics struct {
	messages *prometheus.CounterVec // type
	errors   *prometheus.CounterVec // code
	matches  *prometheus.CounterVec // mode
	ended    *prometheus.CounterVec // reason
	reports  *prometheus.CounterVec // reason
	forged   prometheus.Counter
	relayed  *prometheus.CounterVec // way
	failures *prometheus.CounterVec // call
	media    *prometheus.CounterVec // event
	slow     prometheus.Counter
	dropped  prometheus.Counter
	panics   prometheus.Counter
	suspects prometheus.Counter
}

func newMetrics(h *Hub, reg prometheus.Registerer) *metrics {
	m := &metrics{
		messages: counters("messages_total", "Messages from clients, by type.", "type"),
		errors:   counters("errors_total", "Errors told to clients, by code.", "code"),
		matches:  counters("matches_total", "Matches begun, counted at the initiator, by mode.", "mode"),
		ended:    counters("ended_total", "Ends of matches told to clients, by reason.", "reason"),
		reports:  counters("reports_total", "Reports recorded, by reason.", "reason"),
		forged:   counter("reports_refused_total", "Reports refused because something that they offered as proof was none."),
		relayed:  counters("relayed_total", "Texts, acks and signals handed to the receiving client, by way.", "way"),
		failures: counters("call_failures_total", "Calls to queue, media and bus that failed, by call.", "call"),
		media:    counters("media_events_total", "Events of peer connections, by kind.", "event"),
		slow:     counter("slow_consumers_total", "Connections cut off because the client did not read."),
		dropped:  counter("mailbox_dropped_total", "Letters dropped because a session's mailbox was full."),
		suspects: counter("suspects_total", "Sessions that were found to behave like a program."),
		panics:   counter("session_panics_total", "Sessions that ended in a panic."),
	}
	if reg == nil {
		return m
	}
	reg.MustRegister(m.messages, m.errors, m.matches, m.ended, m.reports, m.forged, m.relayed, m.failures, m.media,
		m.slow, m.dropped, m.panics, m.suspects,
		gauge("sessions", "Sessions of this node.", func() int { return h.Stats().Sessions }),
		gauge("connections", "Open WebSocket connections.", func() int { return h.Stats().Connections }),
		gauge("waiting_sessions", "Sessions of this node that look for a partner.", func() int { return h.Stats().Waiting }),
		gauge("matched_sessions", "Sessions of this node that are in a match.", func() int { return h.Stats().Matched }),
	)
	return m
}

const (
	metricsNamespace = "passerby"
	metricsSubsystem = "signaling"
)

func counters(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: metricsNamespace, Subsystem: metricsSubsystem, Name: name, Help: help,
	}, []string{label})
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
