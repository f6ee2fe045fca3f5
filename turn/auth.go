package turn

import (
	"net"
	"net/netip"

	pion "github.com/pion/turn/v5"
)

// key is pion's AuthHandler: the user, and the key that he should have used.
func (s *Server) key(a *pion.RequestAttributes) (user string, key []byte, ok bool) {
	if a.Realm != s.cfg.Realm {
		s.fail("wrong realm")
		return "", nil, false
	}
	if password, known := s.cfg.Users[a.Username]; known {
		return a.Username, pion.GenerateAuthKey(a.Username, a.Realm, password), true
	}
	if s.cfg.Secret == "" {
		s.fail("unknown user")
		return "", nil, false
	}
	now := s.cfg.Now()
	expires, name, err := ParseUsername(a.Username)
	switch {
	case err != nil:
		s.fail("malformed username")
	case !now.Before(expires) && !s.ledger.outlives(a.SrcAddr, name, expires, now):
		s.fail("expired")
	default:
		return name, pion.GenerateAuthKey(a.Username, a.Realm, passwordFor(s.cfg.Secret, a.Username)), true
	}
	return "", nil, false
}

func (s *Server) authenticated(_, _ net.Addr, _, _, _ string, _ string, ok bool) {
	if !ok {
		s.fail("wrong password")
	}
}

func (s *Server) fail(reason string) {
	s.failed.count(reason)
	s.cfg.Logger.Debug("turn: authentication failed", "reason", reason)
}

// permit is pion's PermissionHandler, for CreatePermission and ChannelBind.
func (s *Server) permit(from net.Addr, ip net.IP) bool {
	addr, _ := netip.AddrFromSlice(ip)
	ok, reason := s.relays.policy.allow(netip.AddrPortFrom(addr, 0))
	if ok && !s.ledger.grant(from, s.cfg.Now()) {
		ok, reason = false, reasonHurry
	}
	if !ok {
		s.refused.count(reason)
		s.cfg.Logger.Debug("turn: peer refused", "reason", reason)
	}
	return ok
}
