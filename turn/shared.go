package turn

import (
	"bytes"
	"net/netip"
	"sync"
)

// shared tells allocations apart that have one relay port together (Config.SinglePort). A packet from outside belongs to the allocation that has talked to
// its sender, address and port, first; such a claim lasts as long as the permission. Before that, and between two clients of this server, who look the same
// from outside, an ICE check tells: its USERNAME is "receiver's fragment:sender's" (RFC 8445, section 7.2.2), and the receiver's own checks carry the same
// the other way round. So nobody can draw another's packets to himself without having been named by him.
type shared struct {
	on   bool
	told [2]netip.AddrPort

	mu     sync.RWMutex // guards the rest, and claims and ice of every allocation
	claims map[netip.AddrPort]*allocation
	names  map[string]*allocation // by the USERNAME of the checks that it sends
}

// maxClaims bounds the peers of one allocation; beyond, the oldest is forgotten.
const maxClaims = 64

func newShared(c Config) *shared {
	return &shared{
		on: c.SinglePort != 0 && !c.STUNOnly, claims: make(map[netip.AddrPort]*allocation), names: make(map[string]*allocation),
		told: [2]netip.AddrPort{netip.AddrPortFrom(c.PublicIP, c.SinglePort), netip.AddrPortFrom(c.PublicIP6, c.SinglePort)},
	}
}

// sends notes what a sends to a peer outside, and reports whether it may: not when the peer is somebody else's.
func (s *shared) sends(a *allocation, peer netip.AddrPort, payload []byte, sh *shard) bool {
	s.learn(a, payload)
	s.mu.RLock()
	owner := s.claims[peer]
	s.mu.RUnlock()
	if owner == a {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claim(a, peer, sh)
}

func (s *shared) claim(a *allocation, peer netip.AddrPort, sh *shard) bool {
	if owner := s.claims[peer]; owner == a {
		return true
	} else if owner != nil && owner.peers.Load().permits(peer.Addr(), sh.now) {
		return false
	}
	if len(a.claims) == maxClaims {
		s.forget(a, a.claims[0])
		a.claims = append(a.claims[:0], a.claims[1:]...)
	}
	s.claims[peer] = a
	a.claims = append(a.claims, peer)
	return true
}

func (s *shared) forget(a *allocation, peer netip.AddrPort) {
	if s.claims[peer] == a {
		delete(s.claims, peer)
	}
}

// owner is whose packet from outside this is, or nil.
func (s *shared) owner(from netip.AddrPort, payload []byte, sh *shard) *allocation {
	s.mu.RLock()
	a := s.claims[from]
	s.mu.RUnlock()
	if a != nil && a.peers.Load().permits(from.Addr(), sh.now) {
		return a
	}
	name := checkName(payload)
	if name == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a = s.names[reversed(name)]
	if a == nil || !a.peers.Load().permits(from.Addr(), sh.now) || !sh.server.relays.allows(from) || !s.claim(a, from, sh) {
		return nil
	}
	return a
}

// partner is the client of this server that a talks to, or nil while not both have named each other.
func (s *shared) partner(a *allocation, payload []byte) *allocation {
	s.learn(a, payload)
	return a.partner.Load()
}

// learn keeps the name of a's ICE checks, and joins a with who sends the same the other way round.
func (s *shared) learn(a *allocation, payload []byte) {
	name := checkName(payload)
	if name == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.ice != string(name) {
		if s.names[a.ice] == a {
			delete(s.names, a.ice)
		}
		a.ice = string(name)
	}
	if s.names[a.ice] == nil {
		s.names[a.ice] = a
	}
	if b := s.names[reversed(name)]; b != nil && b != a && s.names[a.ice] == a && a.partner.Load() != b {
		part(a)
		part(b)
		a.partner.Store(b)
		b.partner.Store(a)
	}
}

// drop forgets an allocation that has ended.
func (s *shared) drop(a *allocation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, peer := range a.claims {
		s.forget(a, peer)
	}
	a.claims = nil
	if s.names[a.ice] == a {
		delete(s.names, a.ice)
	}
	part(a)
}

// part ends what learn joined. The caller holds mu.
func part(a *allocation) {
	if b := a.partner.Swap(nil); b != nil {
		b.partner.CompareAndSwap(a, nil)
	}
}

// checkName is the USERNAME of an ICE check, nil when b is none.
func checkName(b []byte) (name []byte) {
	if kind, err := stunType(b); err != nil || kind != typeBinding {
		return nil
	}
	attributes(b, func(kind uint16, v []byte) bool {
		if kind == attrUsername && len(v) <= maxUsername && bytes.Count(v, []byte(":")) == 1 {
			name = v
		}
		return kind != attrUsername
	})
	return name
}

func reversed(name []byte) string {
	to, from, _ := bytes.Cut(name, []byte(":"))
	return string(from) + ":" + string(to)
}
