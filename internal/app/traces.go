package app

import (
	"passerby/internal/trace"
	"passerby/signaling"
)

// openTraces makes the sender of traces; a nil sender sends nothing.
func (s *Server) openTraces() (err error) {
	t := s.cfg.Trace
	if t.Endpoint == "" {
		return nil
	}
	s.traces, err = trace.New(trace.Config{Endpoint: t.Endpoint, Share: t.Share, Node: s.cfg.NodeID, Version: Version, Logger: s.log, Registerer: s.registry})
	return err
}

// tellJourney adds a side to the trace of its match.
func (s *Server) tellJourney(j signaling.Journey) {
	s.traces.Tell(trace.Side{
		Match: j.Match, Mode: string(j.Mode), Pool: j.Pool, Initiator: j.Initiator, Across: j.Across,
		Offered: j.Offered, Answered: j.Answered, Asked: j.Asked, Matched: j.Matched,
		Routed: j.Passage.Routed, Fed: j.Passage.Fed, Opened: j.Passage.Opened, Shown: j.Shown, First: j.First, Next: j.Next,
	})
}
