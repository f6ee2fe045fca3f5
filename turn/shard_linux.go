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
