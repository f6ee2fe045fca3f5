package turn

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"passerby/internal/batch"
)

const (
	slots    = 64                     // datagrams in a batch
	perRelay = 16                     // of one relay socket in a round
	headroom = 64                     // for the head of a Data indication
	few      = 8                      // a round that moved less came too early …
	closeBy  = 300 * time.Microsecond // … if the one before was not longer ago
	collect  = 150 * time.Microsecond // so the next one waits
)

// shard is one socket of the listen port, the clients that the kernel sends to it, and their relay sockets. One goroutine serves all of them.
type shard struct {
	plane    *plane
	listener int
	v6       bool // the listener is an IPv6 socket
	epoll    int
	wake     int // eventfd

	fromClients, fromPeers *batch.Reader
	toClients, toPeer      *batch.Writer

	mu      sync.Mutex // guards the rest; held for a batch by the shard's goroutine, and for changes by pion's
	clients map[netip.AddrPort]*allocation
	relays  map[int32]*allocation
	touched []*allocation // have packets in queue
	queue   [slots]queued
	queued  int
	ids     *rand.PCG
	count   relayCount

	now       time.Time // of this round
	strangers budget
}

// queued is a packet for a relay socket.
type queued struct {
	b    []byte
	to   netip.AddrPort
	next int32 // index + 1 of the same allocation's next
}

func newShard(p *plane, listener int, v6 bool) (*shard, error) {
	s := &shard{
		plane: p, listener: listener, v6: v6, epoll: -1, wake: -1,
		fromClients: batch.NewReader(slots, headroom, maxDatagram), fromPeers: batch.NewReader(slots, headroom, maxDatagram),
		toClients: batch.NewWriter(slots, true), toPeer: batch.NewWriter(slots, true),
		clients: make(map[netip.AddrPort]*allocation), relays: make(map[int32]*allocation),
		ids: rand.NewPCG(rand.Uint64(), rand.Uint64()), strangers: budget{key: rand.Uint64()},
	}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		err = s.watch(s.wake)
	}
	if err == nil {
		err = s.watch(listener)
	}
	if err != nil {
		_ = unix.Close(s.epoll)
		_ = unix.Close(s.wake)
		return nil, os.NewSyscallError("epoll", err)
	}
	return s, nil
}

func (s *shard) watch(fd int) error {
	return unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) //nolint:gosec // a descriptor
}

func (s *shard) stop() {
	_, _ = unix.Write(s.wake, binary.NativeEndian.AppendUint64(nil, 1))
}

func (s *shard) closeSockets() {
	for _, fd := range []int{s.listener, s.epoll, s.wake} {
		_ = unix.Close(fd)
	}
}

// add makes an allocation live.
func (s *shard) add(a *allocation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a.live = true
	s.clients[a.client] = a
	s.relays[int32(a.fd)] = a //nolint:gosec // a descriptor
	_ = s.watch(a.fd)
}

// remove forgets an allocation and closes its relay socket.
func (s *shard) remove(a *allocation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.clients[a.client] == a {
		delete(s.clients, a.client)
	}
	if a.live {
		a.live = false
		delete(s.relays, int32(a.fd)) //nolint:gosec // a descriptor
	}
	_ = unix.Close(a.fd) // epoll forgets it
}

// run serves until stop. Packets that come one by one are cheaper together, so when rounds are close and small it waits a little
// between them; a single call, whose packets are milliseconds apart, never waits.
func (s *shard) run() {
	runtime.LockOSThread() // never unlocked: the thread, and its timer slack, end with the goroutine
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1000, 0, 0, 0)
	events := make([]unix.EpollEvent, 2*slots)
	nap := unix.NsecToTimespec(int64(collect))
	var last time.Time
	for {
		n, err := unix.EpollWait(s.epoll, events, -1)
		if err != nil {
			continue // EINTR
		}
		moved, ended := s.round(events[:n])
		if ended {
			return
		}
		now := time.Now()
		if moved < few && now.Sub(last) < closeBy {
			_ = unix.Nanosleep(&nap, nil)
		}
		last = now
	}
}

// round moves what waits.
func (s *shard) round(events []unix.EpollEvent) (moved int, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = time.Now()
	used, clients := 0, false
	for i := range events {
		switch fd := events[i].Fd; int(fd) {
		case s.wake:
			return moved, true
		case s.listener:
			clients = true
		default:
			a := s.relays[fd]
			if a == nil {
				continue
			}
			if used+perRelay > slots {
				s.toClients.Flush(s.listener)
				used = 0
			}
			n := s.readRelay(a, used)
			used, moved = used+n, moved+n
		}
	}
	s.toClients.Flush(s.listener)
	if clients {
		moved += s.readListener()
	}
	return moved, false
}

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
