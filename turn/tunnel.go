package turn

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

const (
	atOnce     = 64 << 10        // bytes that are passed on before they are counted
	halfClosed = 5 * time.Minute // when one side has said its last, the other has this long for each so many bytes
)

// tunnel joins a client's connection with that of a peer, or with another client's.
type tunnel struct {
	ends   [2]*end // the second is the peer's, nil while it is being connected to
	cancel context.CancelFunc
	ready  chan struct{} // closed when both are there
	gone   chan struct{} // closed when all is over
	over   bool          // guarded by tunnels.mu
}

func newTunnel() *tunnel {
	return &tunnel{cancel: func() {}, ready: make(chan struct{}), gone: make(chan struct{})}
}

// end is one side of a tunnel.
type end struct {
	tunnel *tunnel
	a      *allocation    // whose client this is; nil for a peer outside
	peer   netip.AddrPort // whom that client talks to
	id     uint32
	until  time.Duration // while it waits for its client
	conn   net.Conn      // guarded by tunnels.mu until the tunnel is ready
	done   chan struct{} // closed after its last byte was passed on
	moved  atomic.Uint64 // bytes from here
}

// other is the opposite side.
func (e *end) other() *end {
	if e.tunnel.ends[0] == e {
		return e.tunnel.ends[1]
	}
	return e.tunnel.ends[0]
}

// run passes on what a client sends and gets over conn, until both sides have said their last or one is lost. The caller closes conn.
func (n *tunnels) run(e *end, conn net.Conn) {
	_ = conn.SetDeadline(time.Time{})
	t := e.tunnel
	defer n.end(t)
	if !n.enter(e, conn) {
		return
	}
	select {
	case <-t.ready:
	case <-t.gone:
		return
	}
	to := e.other()
	if to.a == nil {
		n.turns.Go(func() { n.carry(to, e) })
	}
	n.carry(e, to)
	for moved := to.moved.Load(); ; {
		select {
		case <-to.done:
			return
		case <-t.gone:
			return
		case <-time.After(halfClosed):
			if to.moved.Load() == moved {
				return
			}
			moved = to.moved.Load()
		}
	}
}

// enter brings a client's connection. It reports false when all is over.
func (n *tunnels) enter(e *end, conn net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e.tunnel.over {
		return false
	}
	e.conn = conn
	if e.other().conn != nil {
		n.connected.Add(1)
		close(e.tunnel.ready)
	}
	return true
}

// carry passes on what comes from one side, and that it has said its last. Who reads slowly, or has had his share of bandwidth, slows the sender down: no more
// than one buffer waits here.
func (n *tunnels) carry(from, to *end) {
	bytes := &n.toPeers
	if to.a != nil {
		bytes = &n.toClients
	}
	toll := n.server.limits.newToll(from, to)
	var buf []byte
	for {
		passed, err := n.pass(from, to, toll, &buf)
		from.moved.Add(uint64(passed)) //nolint:gosec // not negative
		bytes.Add(uint64(passed))      //nolint:gosec // not negative
		if errors.Is(err, io.EOF) && closeWrite(to.conn) == nil {
			close(from.done)
			return
		}
		if err != nil {
			n.end(from.tunnel)
			return
		}
	}
}

// pass moves some bytes: between two plain TCP connections without a limit without a way through this process, where the kernel can (splice).
func (n *tunnels) pass(from, to *end, toll toll, buf *[]byte) (int64, error) {
	_, plain := to.conn.(*net.TCPConn)
	if _, both := from.conn.(*net.TCPConn); plain && both && toll == nil {
		return io.CopyN(to.conn, from.conn, atOnce)
	}
	if *buf == nil {
		*buf = make([]byte, burstBytes) // a record of TLS, too
	}
	got, err := from.conn.Read(*buf)
	if got > 0 {
		if !n.pay(from.tunnel, toll, got) {
			return 0, net.ErrClosed
		}
		if _, failed := to.conn.Write((*buf)[:got]); failed != nil {
			return 0, failed
		}
	}
	return int64(got), err
}

// pay waits until so many bytes may go. It reports false when all is over.
func (n *tunnels) pay(t *tunnel, toll toll, bytes int) bool {
	for toll != nil {
		lack := toll.lacks(bytes, n.server.since())
		if lack <= 0 {
			break
		}
		n.held.Add(1)
		select {
		case <-time.After(lack):
		case <-t.gone:
			return false
		}
	}
	return true
}

// closeWrite says that nothing more will come.
func closeWrite(c net.Conn) error {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return io.ErrClosedPipe
}

// cut closes a connection without a word of TLS, which may wait for the other side to read.
func cut(c net.Conn) {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	_ = c.Close()
}
