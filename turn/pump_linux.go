package turn

import (
	"encoding/binary"
	"net/netip"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"passerby/internal/batch"
)

const (
	slots    = 64          // datagrams in a batch
	perRelay = 16          // of one relay socket in a round
	tick     = time.Second // between looks at what has run out
)

// batched is a pump of one socket of the listen port, the clients that the kernel sends to it, and the relay sockets of its shard, in one epoll that one
// goroutine serves.
type batched struct {
	shard    *shard
	listener int
	v6       bool // the listener is an IPv6 socket
	epoll    int
	wake     int // eventfd

	fromClients, fromPeers *batch.Reader
	clients, peer          *batch.Writer
	bundle                 bundle // for clients

	relays  map[int32]*relay
	touched []*relay // have packets in queue
	queue   [slots]queued
	queued  int
}

// queued is a packet for a relay socket.
type queued struct {
	b     []byte
	to    netip.AddrPort
	local netip.Addr // where it leaves from; of a client's packet
	next  int32      // index + 1 of the same relay's next
}

func newBatched(s *shard, listener int, v6 bool) (*batched, error) {
	p := &batched{
		shard: s, listener: listener, v6: v6, epoll: -1, wake: -1,
		fromClients: batch.NewReader(slots, headroom, maxDatagram), fromPeers: batch.NewReader(slots, headroom, maxDatagram),
		clients: batch.NewWriter(slots, true), peer: batch.NewWriter(slots, true), relays: make(map[int32]*relay),
	}
	var err error
	if p.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if p.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		err = p.add(p.wake)
	}
	if err == nil {
		err = p.add(listener)
	}
	if err != nil {
		_ = unix.Close(p.epoll)
		_ = unix.Close(p.wake)
		return nil, os.NewSyscallError("epoll", err)
	}
	return p, nil
}

// locals lets clients be answered from the address that they asked, one of several.
func (p *batched) locals() error {
	p.fromClients.Locals()
	return os.NewSyscallError("setsockopt", batch.TellLocals(p.listener, p.v6))
}

func (p *batched) add(fd int) error {
	return unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) //nolint:gosec // a descriptor
}

func (p *batched) open(r *relay, at netip.Addr, port int) (int, error) {
	fd, _, err := udpSocket(netip.AddrPortFrom(at, uint16(port)), r.all) //nolint:gosec // a port
	if err != nil {
		return 0, err
	}
	r.fd = fd
	if port == 0 {
		port = portOf(fd)
	}
	return port, nil
}

func (p *batched) watch(r *relay) {
	p.relays[int32(r.fd)] = r //nolint:gosec // a descriptor
	_ = p.add(r.fd)
}

func (p *batched) leave(r *relay) {
	p.flush() // r is on the list of what is to be written
	delete(p.relays, int32(r.fd))
	_ = unix.EpollCtl(p.epoll, unix.EPOLL_CTL_DEL, r.fd, nil)
}

func (p *batched) close(r *relay) {
	p.flush() // what is queued for this socket; the number may be another's soon
	delete(p.relays, int32(r.fd))
	r.shut() // epoll forgets it
}

func (p *batched) stop() {
	_, _ = unix.Write(p.wake, binary.NativeEndian.AppendUint64(nil, 1))
}

func (p *batched) toClient(b []byte, to netip.AddrPort, local netip.Addr) {
	if p.bundle.full() {
		p.flushClients()
	}
	p.bundle.add(b, to, local)
}

func (p *batched) toPeer(r *relay, b []byte, to netip.AddrPort) {
	if p.queued == slots {
		p.flushRelays()
	}
	if r.last == 0 {
		p.touched = append(p.touched, r)
		r.first = int32(p.queued + 1) //nolint:gosec // below slots
	} else {
		p.queue[r.last-1].next = int32(p.queued + 1) //nolint:gosec // below slots
	}
	p.queue[p.queued] = queued{b: b, to: to}
	p.queued++
	r.last = int32(p.queued) //nolint:gosec // below slots
}

func (p *batched) flush() {
	p.flushRelays()
	p.flushClients()
	p.shard.counts[UDP].dropped += p.clients.Dropped + p.peer.Dropped
	p.clients.Dropped, p.peer.Dropped = 0, 0
}

func (p *batched) flushClients() { p.bundle.write(p.clients, p.listener, p.v6) }

func (p *batched) flushRelays() {
	for _, r := range p.touched {
		for i := r.first; i != 0; i = p.queue[i-1].next {
			p.peer.Add(p.queue[i-1].b, p.queue[i-1].to, r.told.Addr().Is6())
		}
		p.peer.Flush(r.fd)
		r.first, r.last = 0, 0
	}
	clear(p.touched)
	p.touched, p.queued = p.touched[:0], 0
}

// run serves until stop.
func (p *batched) run() {
	runtime.LockOSThread() // never unlocked: the thread, and its timer slack, end with the goroutine
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1000, 0, 0, 0)
	events := make([]unix.EpollEvent, 2*slots)
	pace := pace{each: apart}
	var last, looked time.Time
	for {
		n, err := unix.EpollWait(p.epoll, events, int(tick/time.Millisecond))
		if err != nil {
			continue // EINTR
		}
		moved, ended := p.round(events[:n])
		if ended {
			return
		}
		now := time.Now()
		if now.Sub(looked) >= tick {
			looked = now
			p.shard.lock()
			p.shard.expire()
			p.shard.mu.Unlock()
		}
		if d := pace.wait(moved, now.Sub(last)); d > 0 {
			nap := unix.NsecToTimespec(int64(d))
			_ = unix.Nanosleep(&nap, nil)
		}
		last = now
	}
}

// round moves what waits.
func (p *batched) round(events []unix.EpollEvent) (moved int, ended bool) {
	p.shard.lock()
	defer p.shard.mu.Unlock()
	used, clients := 0, false
	for i := range events {
		switch fd := events[i].Fd; int(fd) {
		case p.wake:
			return moved, true
		case p.listener:
			clients = true
		default:
			r := p.relays[fd]
			if r == nil {
				continue
			}
			if used+perRelay > slots {
				p.flushClients()
				used = 0
			}
			n := p.readRelay(r, used)
			used, moved = used+n, moved+n
		}
	}
	p.flush()
	if clients {
		moved += p.readListener()
	}
	return moved, false
}

// readRelay hands over what peers sent to a relay; it uses slots from used on.
func (p *batched) readRelay(r *relay, used int) int {
	n, err := p.fromPeers.Read(r.fd, used, perRelay)
	if err != nil {
		return 0 // an ICMP answer to an earlier packet
	}
	for i := used; i < used+n; i++ {
		b, from := p.fromPeers.Datagram(i)
		p.shard.arrived(r, from, p.fromPeers.Slot(i), len(b))
	}
	return n
}

// readListener hands over what clients sent, for a few batches at most.
func (p *batched) readListener() (moved int) {
	for range 4 {
		n, err := p.fromClients.Read(p.listener, 0, slots)
		if err != nil {
			continue
		}
		for i := range n {
			b, from := p.fromClients.Datagram(i)
			p.shard.handle(p.fromClients.Slot(i), headroom, len(b), sender{at: from, local: p.fromClients.Local(i)})
		}
		p.flush()
		if moved += n; n < slots {
			break
		}
	}
	return moved
}

func (p *batched) closeSockets() {
	for _, fd := range []int{p.listener, p.epoll, p.wake} {
		_ = unix.Close(fd)
	}
}
