package machine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// client is what a client believes, from what it was told.
type client struct {
	phase   machine.Phase
	match   string
	met     []string // matches, oldest first
	partner string   // key
	keyID   string
	away    bool
	fed     machine.Route
	sent    uint64 // texts written in this match
	acked   uint64 // of those
	got     uint64 // texts received in order
	key     int
}

// knows is what a client says of the newest match that it knows of; it need not say anything.
func (s *sim) knows(c *client) *string {
	if s.rng.IntN(2) == 0 || len(c.met) == 0 {
		return nil
	}
	return &c.met[len(c.met)-1]
}

// one is a match that the client was in, at random.
func (c *client) one(rng *rand.Rand) string {
	if len(c.met) == 0 {
		return "none"
	}
	return c.met[rng.IntN(len(c.met))]
}

func (c *client) name(a *actor) string { return fmt.Sprintf("%s-key-%d", a.name, c.key) }

// told is what a client makes of a message.
func (s *sim) told(a *actor, m protocol.Message) {
	c := &a.client
	s.log("  %s is told %s", a.name, protocol.Append(nil, m))
	switch m := m.(type) {
	case *protocol.Waiting:
		c.phase, c.match = machine.Waiting, ""
	case *protocol.Matched:
		if !slices.Contains(s.queue.members[m.Match], a.name) {
			s.t.Errorf("%s is told of the match %s of others", a.name, m.Match)
		}
		if m.Match != c.match {
			c.match, c.sent, c.acked, c.got = m.Match, m.Sent, 0, m.Acked
			c.met = append(c.met, m.Match)
		}
		if m.Sent > c.sent || m.Acked > c.got {
			s.t.Errorf("%s: the snapshot knows of more than the client: %+v", a.name, m)
		}
		c.phase, c.partner, c.keyID = machine.Matched, m.Peer.Key, m.KeyID
		if !m.Resumed || c.away {
			c.away = false // a snapshot is followed by "reconnecting" when that is so
		}
	case *protocol.Partner:
		if m.Match == c.match {
			c.away = m.State == protocol.PartnerReconnecting
		}
	case *protocol.Ended:
		if reason := s.queue.reasons[m.Match]; m.Reason != reason && m.Reason != protocol.EndBlocked {
			s.t.Errorf("%s is told that %s ended with %q, and it was %q", a.name, m.Match, m.Reason, reason)
		}
		if m.Match == c.match || c.phase == machine.Idle {
			c.phase, c.match = machine.Idle, ""
		}
	case *protocol.Left:
		c.phase, c.match = machine.Idle, ""
	case *protocol.Error:
		if m.Code == protocol.Internal && c.phase == machine.Waiting && a.state.Phase == machine.Idle {
			c.phase = machine.Idle
		}
	case *protocol.PartnerText:
		if m.Match != c.match || m.N > c.got+1 { // the past, or too early
			return
		}
		if m.N == c.got+1 { // else it is a double, whose ack was lost
			c.got++
		}
		s.step(a.name, machine.Request{Message: &protocol.Ack{Match: c.match, N: c.got}})
	case *protocol.Ack:
		if m.Match == c.match {
			c.acked = max(c.acked, m.N)
		}
	}
}
