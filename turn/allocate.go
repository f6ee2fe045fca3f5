package turn

import (
	"net/netip"
	"time"
)

// allocate serves RFC 8656, section 7.2, in the order of its checks.
func (s *shard) allocate(m *message, old *allocation, from sender, who login) int {
	if old != nil {
		if old.id == m.id() && old.user == who.user { // it was sent again: our answer got lost
			s.allocated(old, from)
			return 0
		}
		return codeMismatch
	}
	relays := s.server.relays
	switch {
	case m.transport == nil:
		return codeBadRequest
	case m.wantsTCP() && s.server.tunnels.on:
		if !m.mayTCP(from) {
			return codeBadRequest
		}
		if m.ticket != nil { // its connections stay where they are
			return codeMobility
		}
	case m.transport[0] != protocolUDP:
		return codeTransport
	}
	switch {
	case len(m.unknown) > 0: // DONT-FRAGMENT among them
		return codeUnknownAttribute
	case m.hasToken && (m.even || m.family != 0 || m.additional != 0):
		return codeBadRequest
	case m.family != 0 && m.additional != 0 || m.additional != 0 && m.additional != family6 || m.additional != 0 && m.pair:
		return codeBadRequest
	case m.family > family6 || m.family == family6 && !relays.has(family6):
		return codeFamily
	case s.closed:
		return codeQuota
	case s.server.draining.Load():
		return s.instead(codeQuota, who.user, from)
	}
	a := &allocation{client: from.at, stream: from.stream, local: from.local, user: who.user, home: home(from.at.Addr()), id: m.id(), last: s.now + s.server.cfg.MaxLifetime}
	user, code := s.provide(m, a, from)
	if code != 0 {
		return code
	}
	if s.server.limits != nil {
		a.meter = &meter{user: user}
	}
	a.asked = s.prolong(a, defaultLifetime) // whatever it asks: who loses his network never gives back what he got for an hour, and it counts against him
	if m.ticket != nil {
		s.movable(a, from)
	}
	s.enter(a)
	for _, r := range a.relays {
		if r != nil && !r.all {
			r.a = a
			relays.inside.add(r.told, a)
			s.pump.watch(r)
		}
	}
	if a.tcp != nil {
		s.server.tunnels.add(a)
	}
	s.allocated(a, from)
	return 0
}

const protocolUDP = 17

// provide gives an allocation what it asks for within the quotas, and its user's account; or says why not. A port that is reserved besides counts as
// another allocation.
func (s *shard) provide(m *message, a *allocation, from sender) (user *account, code int) {
	relays, ledger := s.server.relays, s.server.ledger
	if m.hasToken { // and is counted; it would not be on another server either
		r, code := relays.claim(m.token, a.user, a.home, s.now)
		if code != 0 {
			return nil, code
		}
		a.relays[index(r.told.Addr())] = r
		return ledger.account(a.user), 0
	}
	places := 1
	if m.pair {
		places = 2
	}
	for i := range places {
		if user, code = ledger.admit(a.user, a.home); code != 0 {
			for range i {
				ledger.release(a.user, a.home)
			}
			if code == codeCapacity {
				code = s.instead(code, a.user, from)
			}
			return nil, code
		}
	}
	if err := s.open(m, a); err != nil {
		s.server.cfg.Logger.Debug("turn: no relay", "err", err)
		for range places {
			ledger.release(a.user, a.home)
		}
		if relays.shared.on { // nor would it be there
			return nil, codeCapacity
		}
		return nil, s.instead(codeCapacity, a.user, from)
	}
	return user, 0
}

// open finds the relays that a request asks for. Who gets one of two is told why (RFC 8656, section 7.2).
func (s *shard) open(m *message, a *allocation) (err error) {
	relays := s.server.relays
	if m.pair && relays.sweep(s.now) >= maxReserved {
		return errNoPort
	}
	if m.wantsTCP() {
		a.tcp = &tcpAllocation{ends: make(map[netip.AddrPort]*end)}
	}
	for _, family := range [2]byte{max(m.family, family4), m.additional} {
		if family == 0 {
			continue
		}
		if failed := s.openFamily(m, a, family); failed != nil {
			err = failed
			if a.lacks[family-1] = codeCapacity; !relays.has(family) {
				a.lacks[family-1] = codeFamily
			}
		}
	}
	if a.told(0).IsValid() || a.told(1).IsValid() {
		return nil
	}
	return err
}

func (s *shard) openFamily(m *message, a *allocation, family byte) (err error) {
	relays := s.server.relays
	i := family - 1
	switch {
	case !relays.has(family):
		return errNoPort
	case a.tcp != nil:
		a.tcp.relays[i], err = s.server.tunnels.listen(relays, family)
	case relays.shared.on:
		if m.pair || m.even && relays.shared.told[i].Port()%2 != 0 {
			return errNoPort
		}
		a.relays[i] = s.relays[i]
	default:
		var spare *relay
		if a.relays[i], spare, err = relays.open(s.pump, family, m.even, m.pair); spare != nil {
			a.token, a.saved = relays.reserve(spare, a.user, a.home, s.now), true
		}
	}
	return err
}

// allocated writes the success, the same again for the same request.
func (s *shard) allocated(a *allocation, from sender) {
	for i := range a.relays {
		if told := a.told(i); told.IsValid() {
			s.out = appendAddress(s.out, attrXORRelayed, told)
		}
	}
	s.out = appendUint32(s.out, attrLifetime, uint32(a.asked/time.Second)) //nolint:gosec // an hour at most
	s.out = appendAddress(s.out, attrXORMapped, from.at)
	if a.saved {
		s.out = appendAttribute(s.out, attrReservationToken, a.token[:]...)
	}
	s.appendTicket(a)
	for i, code := range a.lacks {
		if code != 0 {
			s.out = appendAttribute(s.out, attrAddressError, byte(i+1), 0, byte(code/100), byte(code%100))
		}
	}
}

// lifetime is what a client gets for what it asks.
func lifetime(m *message) time.Duration {
	if m.lifetime < 0 {
		return defaultLifetime
	}
	return min(max(time.Duration(m.lifetime)*time.Second, defaultLifetime), mostLifetime)
}

// prolong lets an allocation live for so long from now on, or until it may not live any longer, and returns what its client is told: whole seconds.
func (s *shard) prolong(a *allocation, by time.Duration) time.Duration {
	a.until = s.now + by
	if s.server.cfg.MaxLifetime != 0 {
		a.until = min(a.until, a.last)
	}
	return max(a.until-s.now, time.Second)
}

// refresh serves RFC 8656, section 8.2. A family names one of two relays, which may be given up alone.
func (s *shard) refresh(m *message, a *allocation, from sender) int {
	if m.family > family6 || m.family != 0 && !a.told(int(m.family-1)).IsValid() {
		return codePeerFamily
	}
	owner := s.owner(a)
	given := lifetime(m)
	if m.lifetime == 0 {
		given = 0
		if m.family != 0 && a.told(0).IsValid() && a.told(1).IsValid() {
			owner.endRelay(a, int(m.family-1))
		} else {
			owner.end(a)
		}
	} else {
		if m.ticket != nil {
			if code := s.renew(m, a, from); code != 0 {
				return code
			}
			s.appendTicket(a)
		}
		given = s.prolong(a, given)
		owner.due.moved(a)
	}
	s.out = appendUint32(s.out, attrLifetime, uint32(given/time.Second)) //nolint:gosec // an hour at most
	return 0
}
