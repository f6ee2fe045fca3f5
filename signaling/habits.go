package signaling

import (
	"context"
	"net/netip"
	"time"

	"passerby/signaling/habit"
	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// observe takes note of the tags of a wish, and of what a message shows of its sender's habits. Content is encrypted, and not looked at.
func (s *session) observe(m protocol.Message) {
	if find, ok := m.(*protocol.Find); ok && len(find.Tags) > 0 && s.hub.deps.Wished != nil && s.conn != nil {
		s.hub.deps.Wished(s.self.User, s.self.Pool, s.conn.network, find.Tags)
	}
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

// habits are those of one session.
type habits struct {
	habit.Trace
	told habit.Verdict // the last one that others heard
	at   time.Time     // when
}

// Verdicts are told again after retell while they stay the same, since who hears them forgets. Sessions look again whether their user is
// suspected after relook, since he may have others.
const (
	retell = 10 * time.Minute
	relook = time.Minute
)

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
			s.habits = &habits{}
		}
		s.habits.Met(time.Now())
	}
}

// judge raises friction for who behaves like a program, and lowers it again after a dozen matches of another kind.
func (s *session) judge() {
	v := s.habits.Verdict()
	if s.hub.cfg.AllowPrograms || v == habit.Unknown {
		return
	}
	if v == habit.Program && !s.suspect {
		s.hub.metrics.suspects.Inc()
		s.log().Info("behaves like a program", "score", s.habits.Score())
	}
	s.suspect = v.Suspect(s.suspect)
	if now := time.Now(); s.hub.deps.Habit != nil && (v != s.habits.told || now.Sub(s.habits.at) >= retell) {
		s.habits.told, s.habits.at = v, now
		var network netip.Prefix
		if s.conn != nil {
			network = s.conn.network
		}
		ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
		defer cancel()
		s.hub.deps.Habit(ctx, s.self.User, network, v)
	}
}

// recall slows down who was found to behave like a program in another session, from whichever network.
func (s *session) recall(ctx context.Context) {
	if s.suspect || s.hub.cfg.AllowPrograms || s.hub.deps.Suspected == nil || time.Since(s.recalled) < relook {
		return
	}
	s.recalled = time.Now()
	s.suspect = s.hub.deps.Suspected(ctx, s.self.User)
}
