package post

import (
	"log/slog"
	"time"

	"passerby/internal/bus"
)

// Receiver opens the envelopes of one node.
type Receiver struct {
	handle  bus.Handler
	log     *slog.Logger
	metrics *Metrics
	seen    seen
}

// NewReceiver makes a Receiver that hands letters to handle.
func NewReceiver(handle bus.Handler, log *slog.Logger, m *Metrics) *Receiver {
	return &Receiver{handle: handle, log: log, metrics: m, seen: seen{}}
}

// Open hands the letters of an envelope to the handler.
func (r *Receiver) Open(envelope []byte) {
	from, number, letters, err := parseHead(envelope)
	if err == nil {
		fresh, missed := r.seen.next(from, number, time.Now())
		r.metrics.missed.Add(float64(missed))
		if !fresh {
			r.metrics.repeated.Inc()
			return
		}
	}
	for err == nil && len(letters) > 0 {
		var session, data []byte
		if session, data, letters, err = parseLetter(letters); err == nil {
			r.metrics.received.Inc()
			r.handle(string(session), data)
		}
	}
	if err != nil {
		r.log.Warn("message of another node", "error", err)
	}
}
