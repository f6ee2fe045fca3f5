package turn

import (
	"bytes"
	"net/netip"
)

// authenticate says who sent a request, or with which code it is refused (RFC 8489, section 9.2.4).
func (s *shard) authenticate(m *message, a *allocation, from netip.AddrPort) (login, int) {
	cfg := &s.server.cfg
	if cfg.STUNOnly {
		return login{}, codeForbidden
	}
	if m.integrity == 0 && m.integrity256 == 0 {
		s.count.challenges++
		return login{}, codeUnauthorized
	}
	algorithm, ok := m.passwordAlgorithm()
	if !ok || m.username == nil || m.realm == nil || m.nonce == nil {
		return login{}, codeBadRequest
	}
	if !s.nonces.valid(m.nonce, from, s.server.clock()) && (m.kind != typeConnectionBind || a == nil || !s.nonces.valid(m.nonce, a.client, s.server.clock())) {
		return login{}, codeStaleNonce
	}
	if string(m.realm) != cfg.Realm {
		return s.fail("wrong realm")
	}
	prove := func(user, password string) (login, bool) {
		key := longTermKey(algorithm, m.username, m.realm, password)
		return login{user, key}, m.signed(key)
	}
	if password, known := cfg.Users[string(m.username)]; known {
		if who, ok := prove(string(m.username), password); ok {
			return who, 0
		}
		return s.fail("wrong password")
	}
	if cfg.Secret == "" {
		return s.fail("unknown user")
	}
	username := string(m.username)
	expires, name, err := ParseUsername(username)
	if err != nil {
		return s.fail("malformed username")
	}
	if now := cfg.Now(); !now.Before(expires) && (a == nil || a.user != name || now.Sub(expires) >= cfg.MaxAge) {
		return s.fail("expired")
	}
	for _, secret := range s.server.secrets {
		if who, ok := prove(name, passwordFor(secret, username)); ok {
			return who, 0
		}
	}
	return s.fail("wrong password")
}

// passwordAlgorithm is what the client chose. It must repeat our offer if it chose: else somebody took the better one out of it on the way.
func (m *message) passwordAlgorithm() (algorithm int, ok bool) {
	if m.algorithm == nil && m.algorithms == nil {
		return algorithmMD5, true
	}
	if !bytes.Equal(m.algorithms, offeredAlgorithms) || len(m.algorithm) != 4 || m.algorithm[2]|m.algorithm[3] != 0 {
		return 0, false
	}
	algorithm = int(m.algorithm[0])<<8 | int(m.algorithm[1])
	return algorithm, algorithm == algorithmMD5 || algorithm == algorithmSHA256
}

func (s *shard) fail(reason string) (login, int) {
	s.server.failed[s.on].count(reason)
	s.server.cfg.Logger.Debug("turn: authentication failed", "reason", reason)
	return login{}, codeUnauthorized
}

func (s *Server) refusePeer(reason string) {
	s.refused.count(reason)
	s.cfg.Logger.Debug("turn: peer refused", "reason", reason)
}
