package signaling

import (
	"net/netip"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Judge looks at every session anew, and ends those whose user Deps.Banned says is banned: the partner is told that the match is
// over, the client that it is banned. It does not wait for them.
func (h *Hub) Judge() {
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		if h.deps.Banned != nil {
			s.post(judge{}) // when there is no room hello and the next time are left
		}
	}
}

// Dismiss ends the sessions of a user on this node and on others, and the match that he is in. It does not wait for them.
func (h *Hub) Dismiss(user string, others []string) {
	h.dismiss(user)
	for _, node := range others {
		h.tellNode(node, "", append([]byte{tagDismiss}, user...))
	}
}

func (h *Hub) dismiss(user string) {
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		if s.self.User == user {
			s.post(quit{protocol.Errorf(protocol.Replaced, "this session was ended by its person, elsewhere")})
		}
	}
}

func (h *Hub) banned(user string, network netip.Prefix) bool {
	return h.deps.Banned != nil && h.deps.Banned(user, network)
}

// expel ends the session if its user is banned.
func (s *session) expel() {
	var network netip.Prefix
	if s.conn != nil {
		network = s.conn.network
	}
	if s.hub.banned(s.self.User, network) {
		s.why = bannedError()
		s.step(machine.Quit{Reason: protocol.EndModerated})
	}
}

func bannedError() *protocol.Error {
	return protocol.Errorf(protocol.Banned, "you are banned: a new session tells why and until when")
}
