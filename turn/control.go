package turn

import (
	"net/netip"
)

// Error codes (RFC 8489, section 18.3; RFC 8656, section 19; RFC 8016, section 4).
const (
	codeTryAlternate     = 300
	codeBadRequest       = 400
	codeUnauthorized     = 401
	codeForbidden        = 403
	codeMobility         = 405
	codeUnknownAttribute = 420
	codeMismatch         = 437
	codeStaleNonce       = 438
	codeFamily           = 440
	codeWrongCredentials = 441
	codeTransport        = 442
	codePeerFamily       = 443
	codeExists           = 446 // RFC 6062, section 6.3, as the next
	codeUnconnected      = 447
	codeQuota            = 486
	codeCapacity         = 508
)

// login is who a request comes from, shown by its integrity.
type login struct {
	user string
	key  []byte
}

// answer serves a request and returns what is to be sent, valid until the next; empty for nothing.
func (s *shard) answer(b []byte, from sender) []byte {
	m := &s.msg
	if !m.parse(b) {
		s.count.dropped++
		return nil
	}
	var who login
	var code int
	s.out = appendHead(s.out[:0], m.kind|classSuccess, m.id())
	switch m.kind {
	case typeBinding:
		if !s.answers(from) {
			return nil
		}
		if len(m.unknown) > 0 {
			code = codeUnknownAttribute
		} else {
			s.out = appendAddress(s.out, attrXORMapped, from.at)
		}
	case typeAllocate, typeRefresh, typeCreatePermission, typeChannelBind, typeConnect, typeConnectionBind:
		a := s.meant(m, from)
		if m.kind == typeConnectionBind {
			a = s.server.tunnels.owner(m.connection)
		}
		if who, code = s.authenticate(m, a, from.at); code != 0 && !s.challenges(b, from) {
			return nil
		} else if code == 0 {
			code = s.serve(m, a, from, who)
		}
	default: // indications, answers, methods that are not offered
		s.count.dropped++
		return nil
	}
	if code == codeLater {
		return nil
	}
	if code != 0 {
		s.refuse(m, code, from)
	}
	s.out = m.finish(s.out, who.key)
	return s.out
}

// finish signs an answer, if its request was signed by who has the key, and ends it.
func (m *message) finish(b, key []byte) []byte {
	if key != nil {
		b = m.appendIntegrity(b, key)
	}
	if m.fingerprint {
		b = appendFingerprint(b)
	}
	return b
}

// answers reports whether a sender that has not shown who he is gets an answer, and counts when not.
func (s *shard) answers(to sender) bool {
	if to.stream != nil || s.strangers.spend(to.at.Addr(), s.server.clock()) {
		return true
	}
	s.count.unanswered++
	return false
}

// leastAsked is the shortest first request of a client, an Allocate with nothing but its transport, in bytes: a third of its challenge.
const leastAsked = stunHeader + 8

// challenges is answers for a request that is answered at more length.
func (s *shard) challenges(b []byte, to sender) bool {
	if to.stream == nil && len(b) < leastAsked {
		s.count.unanswered++
		return false
	}
	return s.answers(to)
}

// refuse makes the answer an error.
func (s *shard) refuse(m *message, code int, from sender) {
	s.out = appendError(appendHead(s.out[:0], m.kind|classError, m.id()), code)
	switch code {
	case codeTryAlternate:
		s.out = appendAlternate(s.out, s.server.others.of(from))
	case codeUnauthorized, codeStaleNonce:
		var nonce [len(nonceHead) + nonceText]byte
		s.out = appendAttribute(s.out, attrRealm, []byte(s.server.cfg.Realm)...)
		s.out = appendAttribute(s.out, attrNonce, s.nonces.appendNonce(nonce[:0], from.at, s.server.clock())...)
		s.out = appendAttribute(s.out, attrAlgorithms, offeredAlgorithms...)
	case codeUnknownAttribute:
		var list [16]byte
		n := 0
		for _, kind := range m.unknown {
			list[n], list[n+1] = byte(kind>>8), byte(kind)
			n += 2
		}
		s.out = appendAttribute(s.out, attrUnknown, list[:n]...)
	}
}

// serve does what a request of a known user asks for and adds the attributes of success; or returns an error code.
func (s *shard) serve(m *message, a *allocation, from sender, who login) int {
	switch {
	case m.malformed:
		return codeBadRequest
	case s.ticketFault(m) != 0:
		return s.ticketFault(m)
	case m.kind == typeAllocate:
		return s.allocate(m, a, from, who)
	case m.kind == typeConnectionBind:
		return s.connectionBind(m, from, who)
	case a == nil:
		return codeMismatch
	case a.user != who.user:
		return codeWrongCredentials
	case len(m.unknown) > 0:
		return codeUnknownAttribute
	case m.kind == typeRefresh:
		return s.refresh(m, a, from)
	case m.kind == typeCreatePermission:
		return s.createPermission(m, a)
	case m.kind == typeConnect:
		return s.connect(m, a, who)
	case a.tcp != nil: // which has no channels
		return codeForbidden
	default:
		return s.channelBind(m, a)
	}
}

// createPermission serves RFC 8656, section 10.2: all of the peers, or none.
func (s *shard) createPermission(m *message, a *allocation) int {
	if len(m.peers) == 0 {
		return codeBadRequest
	}
	if m.tooMany {
		return codeCapacity
	}
	for _, peer := range m.peers {
		if code := s.mayPermit(a, peer.Addr()); code != 0 {
			return code
		}
	}
	p := a.peers.Load().young(s.now)
	for _, peer := range m.peers {
		if !p.permit(peer.Addr(), s.now+permissionLifetime) {
			return codeCapacity
		}
	}
	a.peers.Store(p)
	return 0
}

// channelBind serves RFC 8656, section 12.2. Numbers above 0x4fff are of RFC 5766; coturn's client uses them.
func (s *shard) channelBind(m *message, a *allocation) int {
	if m.channel < 0x4000 || m.channel > 0x7fff || len(m.peers) != 1 || m.peers[0].Port() == 0 {
		return codeBadRequest
	}
	number, peer := uint16(m.channel), m.peers[0]
	if code := s.mayPermit(a, peer.Addr()); code != 0 {
		return code
	}
	p := a.peers.Load().young(s.now)
	if !p.permit(peer.Addr(), s.now+permissionLifetime) {
		return codeCapacity
	}
	until := s.now + channelLifetime
	for i, c := range p.channels {
		if c.number == number && c.peer == peer {
			p.channels[i].until = until
			a.peers.Store(p)
			return 0
		}
		if c.number == number || c.peer == peer {
			return codeBadRequest
		}
	}
	if len(p.channels) == maxPeers {
		return codeCapacity
	}
	open, _ := s.server.relays.policy.allow(peer)
	p.channels = append(p.channels, channel{peer: peer, number: number, open: open, until: until})
	a.peers.Store(p)
	return 0
}

// mayPermit says why an allocation gets no permission for a peer, or 0.
func (s *shard) mayPermit(a *allocation, peer netip.Addr) int {
	if ok, reason := s.server.relays.policy.allow(netip.AddrPortFrom(peer, 0)); !ok {
		s.server.refusePeer(reason)
		return codeForbidden
	}
	if !a.told(index(peer)).IsValid() {
		return codePeerFamily
	}
	if a.hurries(s.now) {
		s.server.refusePeer(reasonHurry)
		return codeCapacity
	}
	return 0
}
