package sfu

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"

	"passerby/sfu/internal/udp"
)

// tcpMux is the ice.TCPMux that pion is given for a peer. It hides the listener's own address, which pion would compare,
// and media, which is the peer's.
type tcpMux struct {
	ice.TCPMux
	peer *peer
}

// GetConnByUfrag makes the conn of a ufrag for an address family.
func (m tcpMux) GetConnByUfrag(ufrag string, isIPv6 bool, local net.IP) (net.PacketConn, error) {
	c, err := m.TCPMux.GetConnByUfrag(ufrag, isIPv6, local)
	if err != nil {
		return nil, err
	}
	conn := &tcpConn{c, m.peer}
	m.peer.tcp.add(conn)
	return conn, nil
}

// tcpConn is all TCP connections of a peer under one ufrag, of one family.
type tcpConn struct {
	net.PacketConn
	peer *peer
}

// ReadFrom gives what is pion's: STUN and DTLS.
func (c *tcpConn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || !udp.IsMedia(b[:n]) {
			return n, from, err
		}
		c.peer.receive(b[:n])
	}
}

// Close ends all of its connections.
func (c *tcpConn) Close() error {
	c.peer.tcp.remove(c)
	return c.PacketConn.Close()
}

// tcpPath is where a peer's media goes while it is connected over TCP.
type tcpPath struct {
	addr atomic.Pointer[net.TCPAddr] // nil: over UDP

	mu    sync.Mutex // guards conns
	conns []*tcpConn
}

func (t *tcpPath) add(c *tcpConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns = append(t.conns, c)
}

func (t *tcpPath) remove(c *tcpConn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.conns = slices.DeleteFunc(t.conns, func(o *tcpConn) bool { return o == c })
}

// use says which connection was selected; the zero AddrPort says that none is.
func (t *tcpPath) use(addr netip.AddrPort) {
	if !addr.IsValid() {
		t.addr.Store(nil)
		return
	}
	t.addr.Store(net.TCPAddrFromAddrPort(addr))
}

// send queues a copy of b; false means that media goes over UDP. What a connection has no room for is dropped.
func (t *tcpPath) send(b []byte) bool {
	addr := t.addr.Load()
	if addr == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range slices.Backward(t.conns) { // the newest ufrag first
		if _, err := c.WriteTo(b, addr); err == nil {
			break
		}
	}
	return true
}
