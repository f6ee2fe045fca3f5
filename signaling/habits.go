package signaling

import (
	"time"

	"passerby/signaling/habit"
	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// observe takes note of what a message shows of its sender's habits. Content is encrypted, and not looked at.
func (s *session) observe(m protocol.Message) {
	if s.habits == nil || s.state.Phase != machine.Matched {
		return
	}
	switch m := m.(type) {
	case *protocol.Signal:
		s.habits.Signalled(time.Now())
	case *protocol.Text:
		if m.Match == s.state.Match.ID && m.N > s.state.Match.Sent { // else it is sent again
			s.habits.Wrote(time.Now(), len(m.Body))
		}
	}
}

// turned takes note of the begin and the end of a match.
func (s *session) turned(before, after string) {
	if before == after {
		return
	}
	if before != "" && s.habits != nil {
		s.habits.Parted(time.Now())
		s.judge()
	}
	if after != "" {
		if s.habits == nil {
			s.habits = &habit.Trace{}
		}
		s.habits.Met(time.Now())
	}
}

// judge raises friction for who behaves like a program, and lowers it again.
func (s *session) judge() {
	suspect := !s.hub.cfg.AllowPrograms && s.habits.Score() >= habit.Suspicious
	if suspect && !s.suspect {
		s.hub.metrics.suspects.Inc()
		s.log().Info("behaves like a program", "score", s.habits.Score())
		if s.hub.deps.Suspect != nil && s.conn != nil {
			s.hub.deps.Suspect(s.hub.base, s.conn.network)
		}
	}
	s.suspect = suspect
}
