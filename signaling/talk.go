package signaling

import (
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Talk is what is known of a match besides what is said in it.
type Talk struct {
	Match           string
	Mode            protocol.Mode
	Started, Ended  time.Time // Ended is zero while it runs
	Reason          protocol.EndReason
	Users, Sessions [2]string // initiator, responder
	Tags            []string  // that both named
}

// talked tells of a match that an event began or ended.
func (s *session) talked(before, after *machine.State, effects []machine.Effect) {
	ended := before.Phase == machine.Matched && (after.Phase != machine.Matched || after.Match.ID != before.Match.ID)
	if m := &before.Match; ended && m.Initiator {
		s.hub.metrics.talks.WithLabelValues(string(m.Mode)).Observe(max(0, time.Since(m.At).Seconds()))
	}
	told := s.hub.deps.Talked
	if told == nil {
		return
	}
	if m := &before.Match; ended {
		t := s.talk(m)
		t.Ended, t.Reason = time.Now(), reasonOf(m.ID, after, effects)
		told(t)
	}
	if m := &after.Match; after.Phase == machine.Matched && m.Initiator && (before.Phase != machine.Matched || before.Match.ID != m.ID) {
		told(s.talk(m))
	}
}

func (s *session) talk(m *machine.Match) Talk {
	t := Talk{
		Match: m.ID, Mode: m.Mode, Started: m.At, Tags: m.Tags,
		Users: [2]string{s.self.User, m.Partner.User}, Sessions: [2]string{s.self.Session, m.Partner.Session},
	}
	if !m.Initiator {
		t.Users[0], t.Users[1] = t.Users[1], t.Users[0]
		t.Sessions[0], t.Sessions[1] = t.Sessions[1], t.Sessions[0]
	}
	return t
}

func reasonOf(match string, after *machine.State, effects []machine.Effect) protocol.EndReason {
	if after.Last.ID == match {
		return after.Last.Reason
	}
	for _, e := range effects { // the session itself is over
		if l, ok := e.(machine.Leave); ok {
			return l.Reason
		}
	}
	return protocol.EndLost
}
