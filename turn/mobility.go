package turn

import (
	"bytes"
	"sync/atomic"
	"time"
)

// Mobility (RFC 8016). A client that asked for it gets a ticket, and shows it from its new address. From then on both addresses are good: what peers send
// goes to the old one until the client sends something from the new one, which hands the allocation over and ends the old one. The new address may be of
// another transport, and of another shard, which owns the allocation from the handover on.

const (
	handover   = 30 * time.Second // to the first packet from the new address; the ticket that was shown is good for as long, since answers get lost
	maxCarried = 64               // messages of one shard that wait for another
)

// mobile is what an allocation has besides when its client may move.
type mobile struct {
	shard atomic.Pointer[shard]  // its owner
	to    atomic.Pointer[sender] // where its client is, for every shard

	// The rest is the owner's.
	ticket serial
	former serial        // that ticket was given for; none after the handover
	next   sender        // where its client is about to come from
	until  time.Duration // the end of former and next
	id     [12]byte      // of the request that ticket was given for, which may come again
}

// expected is an allocation that is about to be handed over.
type expected struct {
	a     *allocation
	until time.Duration
}

// at is where the client is. Any shard may ask.
func (a *allocation) at() sender {
	if a.mobile == nil {
		return sender{a.client, a.stream, a.local}
	}
	return *a.mobile.to.Load()
}

// owner is the shard of an allocation that this one, or who holds its lock besides, works on.
func (s *shard) owner(a *allocation) *shard {
	if a.mobile == nil {
		return s
	}
	return a.mobile.shard.Load()
}

// movable gives a new allocation what it needs to move.
func (s *shard) movable(a *allocation, from sender) {
	a.mobile = new(mobile)
	a.mobile.to.Store(&from)
	a.mobile.shard.Store(s)
	a.mobile.ticket = s.server.tickets.issue(a) // from here on other shards find it
}

// immobile takes that away from one that has ended.
func (s *shard) immobile(a *allocation) {
	s.server.tickets.forget(a.mobile.ticket)
	s.server.tickets.forget(a.mobile.former)
	a.mobile.next = sender{}
}

// ticketFault says what is wrong with the ticket of a request (RFC 8016, sections 3.1.2 and 3.2.2): an Allocate has an empty one.
func (s *shard) ticketFault(m *message) int {
	switch {
	case m.ticket == nil || m.kind != typeAllocate && m.kind != typeRefresh:
		return 0
	case s.server.tickets == nil:
		return codeMobility
	case (m.kind == typeAllocate) != (len(m.ticket) == 0):
		return codeBadRequest
	}
	return 0
}

// meant is the allocation that a request is about, or nil.
func (s *shard) meant(m *message, from sender) *allocation {
	if m.kind != typeRefresh || len(m.ticket) == 0 || s.server.tickets == nil {
		return s.find(from)
	}
	_, a := s.server.tickets.find(m.ticket)
	if a == nil || s.owner(a) != s && s.owner(a) != s.with {
		return nil
	}
	return a
}

// appendTicket adds the ticket that an allocation's client is to show next, if it may move.
func (s *shard) appendTicket(a *allocation) {
	if a.mobile != nil {
		s.out = appendAttribute(s.out, attrMobilityTicket, s.server.tickets.text(a.mobile.ticket)...)
	}
}

// renew gives a new ticket for the one that a Refresh shows, and awaits its sender if that is not where the client is; or says why not.
func (s *shard) renew(m *message, a *allocation, from sender) int {
	k, tickets := a.mobile, s.server.tickets
	shown, _ := tickets.find(m.ticket)
	if shown == k.former && s.now >= k.until {
		return codeMismatch
	}
	if shown == k.former && k.id == m.id() && (from == k.next || from == a.at()) { // it was sent again
		return 0
	}
	held := s.held(from)
	if held != nil && held != a {
		return codeMismatch
	}
	to := home(from.at.Addr())
	if a.hurries(s.now) || !s.server.ledger.move(a.home, to) {
		return codeMobility
	}
	a.home = to
	if shown == k.former {
		tickets.forget(k.ticket)
	} else {
		tickets.forget(k.former)
	}
	k.former, k.ticket, k.id, k.until, k.next = shown, tickets.issue(a), m.id(), s.now+handover, sender{}
	if held == nil {
		k.next = from
		s.expected[from] = expected{a, k.until}
	}
	return 0
}

// handOver gives the allocation that is awaited from a sender to this shard, and returns it; nil if there is none.
func (s *shard) handOver(from sender) *allocation {
	e, ok := s.expected[from]
	if !ok {
		return nil
	}
	delete(s.expected, from)
	a, k := e.a, e.a.mobile
	if k.next != from || s.now >= k.until {
		return nil
	}
	was := k.shard.Load()
	was.leave(a)
	for i, r := range a.relays {
		switch {
		case r == nil || was == s:
		case r.all:
			a.relays[i] = s.relays[i]
		default:
			was.pump.leave(r)
			s.pump.watch(r)
		}
	}
	a.client, a.stream, a.local = from.at, from.stream, from.local
	s.enter(a)
	k.to.Store(&from)
	k.shard.Store(s)
	s.server.tickets.forget(k.former)
	k.former, k.next = serial{}, sender{}
	s.count.moved++
	return a
}

// elsewhere reports whether a message is about an allocation of another shard. It is then served as soon as nobody else uses either shard.
func (s *shard) elsewhere(b []byte, from sender) bool {
	a := s.expected[from].a
	if ticket := shownTicket(b); ticket != nil {
		_, a = s.server.tickets.find(ticket)
	}
	if a == nil || s.owner(a) == s || s.owner(a) == s.with {
		return false
	}
	if s.carried == maxCarried {
		s.count.dropped++
		return true
	}
	s.carried++
	b = bytes.Clone(b)
	s.server.turns.Go(func() { s.serveWith(a, b, from) })
	return true
}

// shownTicket is the ticket of a Refresh; nil if b is none, or has none.
func shownTicket(b []byte) (ticket []byte) {
	if kind, err := stunType(b); err != nil || kind != typeRefresh {
		return nil
	}
	attributes(b, func(kind uint16, v []byte) bool {
		if kind == attrMobilityTicket {
			ticket = v
		}
		return kind != attrMobilityTicket
	})
	return ticket
}

// serveWith serves a message under the locks of this shard and of the one that owns a, taken in one order everywhere.
func (s *shard) serveWith(a *allocation, b []byte, from sender) {
	var other, first, second *shard
	for {
		other = s.owner(a)
		first, second = s, other
		if other.number < s.number {
			first, second = other, s
		}
		first.lock()
		if second != first {
			second.lock()
		}
		if s.owner(a) == other {
			break
		}
		first.mu.Unlock()
		if second != first {
			second.mu.Unlock()
		}
	}
	slot := newSlot()
	s.carried--
	s.with = other
	s.handle(slot, headroom, copy(slot[headroom:], b), from)
	s.with = nil
	s.pump.flush()
	s.mu.Unlock()
	if other != s {
		other.pump.flush()
		other.mu.Unlock()
	}
}
