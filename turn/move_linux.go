package turn

import (
	"encoding/binary"
	"net/netip"
)

// How a shard moves packets. All of it runs under the shard's lock.

// readRelay moves what peers sent to an allocation into the writer to clients; it uses slots from used on.
func (s *shard) readRelay(a *allocation, used int) int {
	n, err := s.fromPeers.Read(a.fd, used, perRelay)
	if err != nil {
		return 0 // an ICMP answer to an earlier packet
	}
	for i := used; i < used+n; i++ {
		payload, from := s.fromPeers.Datagram(i)
		if told, own := s.plane.all.inside.name(from); own {
			from = told
		} else if c := a.peers.Load().byPeer(from); (c == nil || !c.open) && !s.allows(a, from) {
			s.count.dropped++
			continue
		}
		s.deliver(a, from, s.fromPeers.Slot(i), headroom, len(payload))
	}
	return n
}

// deliver sends a payload, which lies in slot from start on with room before and behind it, to the client of a, if a has a permission.
func (s *shard) deliver(a *allocation, from netip.AddrPort, slot []byte, start, n int) {
	p := a.peers.Load()
	if !p.permits(from.Addr()) {
		s.count.dropped++
		return
	}
	head := 0
	end := start + n
	if c := p.byPeer(from); c != nil {
		head = start - channelBytes
		binary.BigEndian.PutUint16(slot[head:], c.number)
		binary.BigEndian.PutUint16(slot[head+2:], uint16(n)) //nolint:gosec // datagrams are short
	} else {
		var id [12]byte
		binary.NativeEndian.PutUint64(id[:], s.ids.Uint64())
		binary.NativeEndian.PutUint32(id[8:], uint32(s.ids.Uint64())) //nolint:gosec // any 32 bits do
		head = start - putData(slot[:start], from, n, id)
		for ; end%4 != start%4; end++ {
			slot[end] = 0
		}
	}
	if s.toClients.Full() {
		s.toClients.Flush(s.listener)
	}
	s.toClients.Add(slot[head:end], a.client, s.v6)
	s.count.toClients++
	s.count.toClientBytes += uint64(n)
}

// readListener moves what clients sent, for a few batches at most.
func (s *shard) readListener() (moved int) {
	for range 4 {
		n, err := s.fromClients.Read(s.listener, 0, slots)
		if err != nil {
			continue
		}
		for i := range n {
			s.handle(i)
		}
		s.flushRelays()
		s.toClients.Flush(s.listener)
		if moved += n; n < slots {
			break
		}
	}
	return moved
}

func (s *shard) handle(i int) {
	b, from := s.fromClients.Datagram(i)
	if len(b) == 0 {
		s.count.dropped++
		return
	}
	if b[0]>>6 == 1 {
		a := s.clients[from]
		number, payload, ok := channelData(b)
		if a == nil || !ok {
			s.count.dropped++
			return
		}
		c := a.peers.Load().byNumber(number)
		if c == nil {
			s.count.dropped++
			return
		}
		s.forward(a, c.peer, c.open, i, payload)
		return
	}
	kind, err := stunType(b)
	switch {
	case err != nil:
		s.count.dropped++
	case kind == typeSend:
		a := s.clients[from]
		payload, peer, ok := parseSend(b)
		peer = netip.AddrPortFrom(plain(peer.Addr()), peer.Port())
		if a == nil || !ok || !a.peers.Load().permits(peer.Addr()) || peer.Addr().Is4() != a.told.Addr().Is4() {
			s.count.dropped++
			return
		}
		s.forward(a, peer, false, i, payload)
	default:
		s.answer(kind, b, from, i)
	}
}

// answer gives a request to pion, or answers it from what pion said before.
func (s *shard) answer(kind uint16, b []byte, from netip.AddrPort, i int) {
	if kind == typeBinding || kind == typeAllocate {
		c := s.plane.challenge.Load()
		strange := kind == typeBinding || c.applies(b, s.now)
		switch {
		case strange && !s.strangers.spend(from.Addr(), s.now):
			s.count.unanswered++
			return
		case strange && kind == typeAllocate:
			slot := s.fromClients.Slot(i)
			n := c.put(slot, b[8:20])
			if s.toClients.Full() {
				s.toClients.Flush(s.listener)
			}
			s.toClients.Add(slot[:n], from, s.v6)
			s.count.challenges++
			return
		}
	}
	if !s.plane.take(s, b, from) {
		s.count.dropped++
	}
}

// forward sends the payload, a part of slot i, from the relayed address of a to peer. open says that the policy was asked and
// agrees; another relay of this server needs none, and gets it without the kernel when its client came by UDP.
func (s *shard) forward(a *allocation, peer netip.AddrPort, open bool, i int, payload []byte) {
	if place, own := s.plane.all.inside.find(peer); own {
		if place.fast != nil {
			slot := s.fromClients.Slot(i)
			start := len(slot) - cap(payload)
			s.count.hairpin++
			s.deliver(place.fast, a.told, slot, start, len(payload))
			return
		}
		peer, open = place.kernel, true
	}
	if peer.Port() == 0 || !open && !s.allows(a, peer) {
		s.count.dropped++
		return
	}
	s.count.toPeers++
	s.count.toPeerBytes += uint64(len(payload))
	if a.last == 0 {
		s.touched = append(s.touched, a)
		a.first = int32(s.queued + 1) //nolint:gosec // below slots
	} else {
		s.queue[a.last-1].next = int32(s.queued + 1) //nolint:gosec // below slots
	}
	s.queue[s.queued] = queued{b: payload, to: peer}
	s.queued++
	a.last = int32(s.queued) //nolint:gosec // below slots
}

func (s *shard) flushRelays() {
	for _, a := range s.touched {
		for i := a.first; i != 0; i = s.queue[i-1].next {
			s.toPeer.Add(s.queue[i-1].b, s.queue[i-1].to, a.told.Addr().Is6())
		}
		s.toPeer.Flush(a.fd)
		a.first, a.last = 0, 0
	}
	clear(s.touched)
	s.touched, s.queued = s.touched[:0], 0
}

// allows asks the policy about a peer without a channel, and remembers the last answers.
func (s *shard) allows(a *allocation, peer netip.AddrPort) bool {
	for i := range a.verdicts {
		if a.verdicts[i].peer == peer {
			return a.verdicts[i].ok
		}
	}
	ok := s.plane.all.allows(peer)
	a.verdicts[a.next%uint8(len(a.verdicts))] = verdict{peer, ok}
	a.next++
	return ok
}
