package udp

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

// inRoom is how many packets wait to be read from a Conn.
const inRoom = 256

// Conn is what the ICE agent of one session reads and writes under one ufrag, of one address family.
type Conn struct {
	session *Session
	ufrag   string
	v6      bool

	in     queue
	ready  *Packet // taken from in; the reader's
	last   atomic.Pointer[path]
	closed chan struct{}
	once   sync.Once
}

var (
	_ net.PacketConn           = (*Conn)(nil)
	_ ice.AddrPortReaderWriter = (*Conn)(nil)
)

func newConn(s *Session, ufrag string, v6 bool) *Conn {
	c := &Conn{session: s, ufrag: ufrag, v6: v6, closed: make(chan struct{})}
	c.in.init(inRoom)
	return c
}

// ReadFromAddrPort waits for a packet. One goroutine may call it.
func (c *Conn) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		if p := c.ready; p != nil {
			c.ready = p.next
			n, addr := copy(b, p.Bytes()), p.addr
			p.Free()
			c.in.room.Add(1)
			return n, addr, nil
		}
		if c.ready = c.in.take(); c.ready != nil {
			continue
		}
		select {
		case <-c.in.wake:
		case <-c.closed:
			return 0, netip.AddrPort{}, io.EOF
		}
	}
}

// ReadFrom is ReadFromAddrPort.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromAddrPort(b)
	if err != nil {
		return 0, nil, err
	}
	return n, net.UDPAddrFromAddrPort(addr), nil
}

// WriteToAddrPort sends b soon, unless addr is no path of the session or had its share; b is the caller's again at once.
func (c *Conn) WriteToAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	if c.isClosed() {
		return 0, io.ErrClosedPipe
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if kindOf(b) == kindSTUN {
		c.writeSTUN(b, addr)
		return len(b), nil
	}
	s := c.session
	p := c.last.Load()
	if p == nil || p.addr != addr {
		if p = s.path(addr); p == nil {
			s.mux.unproven.Add(1)
			return len(b), nil
		}
		c.last.Store(p)
	}
	if !s.established.Load() && !p.spoken.Swap(true) {
		s.spoken.Add(1)
	}
	if !p.allow(len(b)) {
		s.mux.unproven.Add(1)
		return len(b), nil
	}
	p.shard.send(b, addr)
	return len(b), nil
}

// writeSTUN sends an answer of pion's, which is never longer than what it answers.
func (c *Conn) writeSTUN(b []byte, addr netip.AddrPort) {
	m := c.session.mux
	if stunType(b) != success {
		m.shards[0].send(b, addr)
		return
	}
	p := m.answered(c, addr)
	if p == nil {
		m.unproven.Add(1)
		return
	}
	if last := c.last.Load(); last != nil && last.addr == addr && last != p {
		c.last.Store(p)
	}
	p.sent.Add(int64(len(b)))
	p.shard.send(b, addr)
	c.session.challenge(p)
}

// WriteTo is WriteToAddrPort.
func (c *Conn) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError("udp: not a UDP address")
	}
	return c.WriteToAddrPort(b, to.AddrPort())
}

// Close ends reads, and removes the conn from its mux.
func (c *Conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.session.mux.remove(c)
		c.in.drop()
	})
	return nil
}

func (c *Conn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

// LocalAddr is the address of the first socket.
func (c *Conn) LocalAddr() net.Addr { return c.session.mux.shards[0].udp.LocalAddr() }

// SetDeadline has no use: pion calls it before Close only.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline has no use.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline has no use: a write does not wait.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
