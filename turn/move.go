package turn

import (
	"encoding/binary"
	"net/netip"
)

// How a shard moves packets. All of it runs under the shard's lock.

// handle serves what a client sent: n bytes of the slot, from start on.
func (s *shard) handle(slot []byte, start, n int, from sender) {
	b := slot[start : start+n]
	s.serves(from.stream)
	if n == 0 {
		s.count.dropped++
		return
	}
	if s.server.tickets != nil && s.elsewhere(b, from) {
		return
	}
	if b[0]>>6 == 1 {
		s.channelData(slot, start, b, from)
		return
	}
	kind, err := stunType(b)
	switch {
	case err != nil:
		s.count.dropped++
	case kind == typeSend:
		s.sendIndication(slot, start, b, from)
	default:
		if answer := s.answer(b, from); len(answer) > 0 {
			n := copy(slot[start:], answer) // the request is not needed any more
			s.toSender(slot[start:start+n], from)
		}
	}
}

func (s *shard) channelData(slot []byte, start int, b []byte, from sender) {
	a := s.find(from)
	number, payload, ok := channelData(b)
	if a == nil || !ok {
		s.count.dropped++
		return
	}
	c := a.peers.Load().byNumber(number, s.now)
	if c == nil {
		s.count.dropped++
		return
	}
	s.forward(a, c.peer, c.open, slot, start+channelBytes, len(payload))
}

func (s *shard) sendIndication(slot []byte, start int, b []byte, from sender) {
	a := s.find(from)
	payload, peer, ok := parseSend(b)
	peer = netip.AddrPortFrom(plain(peer.Addr()), peer.Port())
	if a == nil || !ok || !a.peers.Load().permits(peer.Addr(), s.now) {
		s.count.dropped++
		return
	}
	s.forward(a, peer, false, slot, start+cap(b)-cap(payload), len(payload))
}

// forward sends a payload, n bytes of the slot from start on, from the relayed address of a to peer. open says that the policy was asked and agrees;
// another relay of this server needs none, and gets it without the kernel.
func (s *shard) forward(a *allocation, peer netip.AddrPort, open bool, slot []byte, start, n int) {
	r := a.relayTo(peer.Addr())
	if r == nil {
		s.count.dropped++
		return
	}
	payload := slot[start : start+n]
	other := s.other(a, peer, payload)
	if other == nil && (peer.Port() == 0 || !open && !s.allows(a, peer) || r.all && !s.server.relays.shared.sends(a, peer, payload, s)) {
		s.count.dropped++
		return
	}
	if a.meter != nil && !s.lets(a.meter, toPeer, n) {
		return
	}
	if other != nil {
		s.count.hairpin++
		s.deliver(other, r.told, slot, start, n)
		return
	}
	s.count.toPeers++
	s.count.toPeerBytes += uint64(n)
	s.pump.toPeer(r, payload, peer)
}

// other is the allocation whose relay a peer is, or nil.
func (s *shard) other(a *allocation, peer netip.AddrPort, payload []byte) *allocation {
	relays := s.server.relays
	if !relays.inside.on || !relays.shared.on {
		return relays.inside.find(peer)
	}
	if peer != relays.shared.told[index(peer.Addr())] {
		return nil
	}
	return relays.shared.partner(a, payload)
}

// arrived gives the client what a peer sent to a relay: n bytes of the slot behind the headroom; 0 stands for a datagram that was too long.
func (s *shard) arrived(r *relay, from netip.AddrPort, slot []byte, n int) {
	if r.all {
		s.serves(nil)
		if a := s.server.relays.shared.owner(from, slot[headroom:headroom+n], s); a != nil {
			s.deliver(a, from, slot, headroom, n)
		} else {
			s.count.dropped++
		}
		return
	}
	s.serves(r.a.stream)
	p := r.a.peers.Load()
	if n == 0 || !p.permits(from.Addr(), s.now) { // too long, or of somebody whom the policy need not be asked about
		s.count.dropped++
		return
	}
	if c := p.byPeer(from, s.now); (c == nil || !c.open) && !s.allows(r.a, from) {
		s.count.dropped++
		return
	}
	s.deliver(r.a, from, slot, headroom, n)
}

// deliver sends a payload, which lies in slot from start on with room before and behind it, to the client of a, if a has a permission. The allocation may
// be another shard's.
func (s *shard) deliver(a *allocation, from netip.AddrPort, slot []byte, start, n int) {
	to := a.at()
	s.serves(to.stream)
	p := a.peers.Load()
	if !p.permits(from.Addr(), s.now) {
		s.count.dropped++
		return
	}
	if a.meter != nil && !s.lets(a.meter, toClient, n) {
		return
	}
	head, end := 0, start+n
	c := p.byPeer(from, s.now)
	if c != nil {
		head = start - channelBytes
		binary.BigEndian.PutUint16(slot[head:], c.number)
		binary.BigEndian.PutUint16(slot[head+2:], uint16(n)) //nolint:gosec // datagrams are short
	} else {
		var id [12]byte
		binary.NativeEndian.PutUint64(id[:], s.ids.Uint64())
		binary.NativeEndian.PutUint32(id[8:], uint32(s.ids.Uint64())) //nolint:gosec // any 32 bits do
		head = start - putData(slot[:start], from, n, id)
	}
	if c == nil || to.stream != nil {
		for ; end%4 != start%4; end++ {
			slot[end] = 0
		}
	}
	s.count.toClients++
	s.count.toClientBytes += uint64(n)
	s.toSender(slot[head:end], to)
}

// toSender sends a whole message to a client.
func (s *shard) toSender(b []byte, to sender) {
	if to.stream == nil {
		s.pump.toClient(b, to.at, to.local)
	} else if !to.stream.out.put(b) {
		s.count.dropped++
	}
}

// allows asks the policy about a peer without a channel, and remembers the last answers.
func (s *shard) allows(a *allocation, peer netip.AddrPort) bool {
	if a.verdicts == nil {
		a.verdicts = new(verdicts)
	}
	known := a.verdicts
	for i := range known.of {
		if known.of[i].peer == peer {
			return known.of[i].ok
		}
	}
	ok := s.server.relays.allows(peer)
	known.of[known.next%uint8(len(known.of))] = verdict{peer, ok}
	known.next++
	return ok
}
