package signaling

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Journey is the way of one side of a match from its wish to the first picture, by this node's clock where nothing else
// is said. A zero time has not come, or was on another node. It holds nothing that people said, and no address.
type Journey struct {
	Match     string
	Mode      protocol.Mode
	Pool      string
	Initiator bool
	Across    bool // the partner is on another node
	Offered   time.Time
	Answered  time.Time // the offer that came last
	Asked     time.Time // find or next came, or the partner had gone and the wish held
	Met       time.Time // the queue made the pair, by its clock
	Matched   time.Time // the client was told
	Passage   Passage
	Shown     time.Time     // the client said so
	First     time.Duration // from matched to its first picture, as the client measured; 0: it did not say
	Next      time.Duration // from the press, likewise
}

// Passage is how the picture of a match came through the media server.
type Passage struct {
	Routed time.Time // the partner was made its source
	Fed    time.Time // the first packet was there
	Opened time.Time // the first that can be shown went out
}

// journey is what a session keeps of it: nil until somebody is looked for.
type journey struct {
	offered, answered, asked, matched time.Time

	match string // that matched is of
	shown bool   // … which counts once
}

// travel takes note of where an event has brought the session.
func (s *session) travel(before, after *machine.State) {
	if before.Phase == after.Phase && before.Match.ID == after.Match.ID {
		return
	}
	now := time.Now()
	switch after.Phase {
	case machine.Idle:
		if j := s.journey; j != nil {
			j.asked, j.match = time.Time{}, ""
		}
	case machine.Waiting:
		s.path().asked = now
	case machine.Matched:
		j := s.path()
		j.match, j.matched, j.shown = after.Match.ID, now, false
		if before.Phase != machine.Waiting { // it came from another node
			j.match = ""
			return
		}
		// The queue's clock says how long it took, from the moment that this place in line began.
		since := before.Since
		if since.IsZero() || since.After(after.Match.At) {
			since = after.Match.At
		}
		s.hub.observe(s.hub.metrics.waits.WithLabelValues(string(after.Match.Mode), poolName(s.self.Pool)), after.Match.At.Sub(since), after.Match.ID)
	}
}

func (s *session) path() *journey {
	if s.journey == nil {
		s.journey = &journey{}
	}
	return s.journey
}

// poolName is how metrics call a pool.
func poolName(pool string) string {
	if pool == "" {
		return "adults"
	}
	return pool
}

// slack is how far a client's time and ours may differ for the same stretch: timers are coarse, and messages wait.
const slack = 250 * time.Millisecond

// arrived takes what a client says of its first picture. It counts once for a match, and only when it can be true: no
// picture was there before the match, nor after the client said so.
func (s *session) arrived(e machine.Shown, p Passage) {
	j, m := s.journey, &s.state.Match
	if j == nil || j.match == "" || j.match != m.ID || j.shown {
		return
	}
	j.shown = true
	now := time.Now()
	end := Journey{
		Match: m.ID, Mode: m.Mode, Pool: poolName(s.self.Pool), Initiator: m.Initiator, Across: m.Partner.Node != s.self.Node,
		Offered: j.offered, Answered: j.answered, Asked: j.asked, Met: m.At, Matched: j.matched, Passage: p, Shown: now,
	}
	outcome := "silent"
	first, next := time.Duration(e.First)*time.Millisecond, time.Duration(e.Next)*time.Millisecond
	switch {
	case first == 0:
	case first > now.Sub(j.matched)+slack, next != 0 && next+slack < first:
		outcome = "impossible"
	default:
		outcome = "taken"
		end.First, end.Next = first, next
		way := "same_node"
		if end.Across {
			way = "across"
		}
		s.hub.observe(s.hub.metrics.first.WithLabelValues("matched", way), first, m.ID)
		if next > 0 {
			s.hub.observe(s.hub.metrics.first.WithLabelValues("next", way), next, m.ID)
		}
	}
	s.hub.metrics.told.WithLabelValues(outcome).Inc()
	if s.hub.deps.Journey != nil {
		s.hub.deps.Journey(end)
	}
}

// observe notes a time, with the trace of its match where there is one.
func (h *Hub) observe(o prometheus.Observer, d time.Duration, match string) {
	if h.deps.TraceID != nil {
		if id := h.deps.TraceID(match); id != "" {
			if e, ok := o.(prometheus.ExemplarObserver); ok {
				e.ObserveWithExemplar(d.Seconds(), prometheus.Labels{"trace_id": id})
				return
			}
		}
	}
	o.Observe(d.Seconds())
}
