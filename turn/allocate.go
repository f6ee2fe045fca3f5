package turn

import "time"

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
	case m.transport[0] != protocolUDP:
		return codeTransport
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
	a := &allocation{client: from.at, stream: from.stream, user: who.user, home: home(from.at.Addr()), id: m.id(), last: s.now + s.server.cfg.MaxLifetime}
	user, code := s.server.ledger.admit(a.user, a.home)
	switch code {
	case 0:
	case codeCapacity:
		return s.instead(code, a.user, from)
	default:
		return code
	}
	if err := s.open(m, a); err != nil {
		s.server.cfg.Logger.Debug("turn: no relay", "err", err)
		s.server.ledger.release(a.user, a.home)
		if m.hasToken || relays.shared.on { // it would not be there either
			return codeCapacity
		}
		return s.instead(codeCapacity, a.user, from)
	}
	if s.server.limits != nil {
		a.meter = &meter{user: user}
	}
	a.asked = s.prolong(a, lifetime(m))
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
	s.allocated(a, from)
	return 0
}

const protocolUDP = 17

// open finds the relay sockets that a request asks for.
func (s *shard) open(m *message, a *allocation) (err error) {
	relays := s.server.relays
	if m.hasToken {
		r := relays.claim(m.token, a.user, s.now)
		if r == nil {
			return errNoToken
		}
		a.relays[index(r.told.Addr())] = r
		return nil
	}
	if m.pair && relays.sweep(s.now) >= maxReserved {
		return errNoPort
	}
	first := byte(family4)
	if m.family == family6 {
		first = family6
	}
	if relays.shared.on {
		if m.pair || m.even && relays.shared.told[0].Port()%2 != 0 {
			return errNoPort
		}
		for _, family := range [2]byte{first, m.additional} {
			if family != 0 && relays.has(family) {
				a.relays[family-1] = s.relays[family-1]
			} else if family != 0 {
				a.lacks6 = codeFamily
			}
		}
		return nil
	}
	var spare *relay
	if a.relays[first-1], spare, err = relays.open(s.pump, first, m.even, m.pair); err != nil {
		return err
	}
	if spare != nil {
		a.token, a.saved = relays.reserve(spare, a.user, s.now), true
	}
	if m.additional == family6 { // who gets one of two is told why (RFC 8656, section 7.2)
		switch {
		case !relays.has(family6):
			a.lacks6 = codeFamily
		default:
			if a.relays[1], _, err = relays.open(s.pump, family6, false, false); err != nil {
				a.lacks6 = codeCapacity
			}
		}
	}
	return nil
}

// allocated writes the success, the same again for the same request.
func (s *shard) allocated(a *allocation, from sender) {
	for _, r := range a.relays {
		if r != nil {
			s.out = appendAddress(s.out, attrXORRelayed, r.told)
		}
	}
	s.out = appendUint32(s.out, attrLifetime, uint32(a.asked/time.Second)) //nolint:gosec // an hour at most
	s.out = appendAddress(s.out, attrXORMapped, from.at)
	if a.saved {
		s.out = appendAttribute(s.out, attrReservationToken, a.token[:]...)
	}
	s.appendTicket(a)
	if a.lacks6 != 0 {
		s.out = appendAttribute(s.out, attrAddressError, family6, 0, byte(a.lacks6/100), byte(a.lacks6%100))
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
	if m.family > family6 || m.family != 0 && a.relays[m.family-1] == nil {
		return codePeerFamily
	}
	owner := s.owner(a)
	given := lifetime(m)
	if m.lifetime == 0 {
		given = 0
		if m.family != 0 && a.relays[0] != nil && a.relays[1] != nil {
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
