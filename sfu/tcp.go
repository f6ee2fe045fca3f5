package sfu

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// fixedListener gives all connections of a family the same local address, by
// which pion looks peers up, and knows those that are open.
type fixedListener struct {
	net.Listener
	e *endpoints
}

func (l fixedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	local := addrPort(conn.LocalAddr())
	for _, ip := range l.e.local {
		if ip.Is4() == local.Addr().Is4() {
			local = netip.AddrPortFrom(ip, local.Port())
		}
	}
	return l.e.accepted.add(&fixedConn{Conn: conn, local: net.TCPAddrFromAddrPort(local), open: &l.e.accepted}), nil
}

type fixedConn struct {
	net.Conn
	local net.Addr
	open  *openConns
}

func (c *fixedConn) LocalAddr() net.Addr { return c.local }

func (c *fixedConn) Close() error {
	c.open.remove(c)
	return c.Conn.Close()
}

// openConns are the TCP connections that are open.
type openConns struct {
	mu     sync.Mutex // guards what follows
	set    map[*fixedConn]struct{}
	closed bool
}

// add notes a connection; after close it is closed at once.
func (o *openConns) add(c *fixedConn) *fixedConn {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		_ = c.Conn.Close()
		return c
	}
	if o.set == nil {
		o.set = map[*fixedConn]struct{}{}
	}
	o.set[c] = struct{}{}
	return c
}

func (o *openConns) remove(c *fixedConn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.set, c)
}

func (o *openConns) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for c := range o.set {
		_ = c.Conn.Close()
	}
	clear(o.set)
}

// sweep is how often closeTCP looks for what pion's mux took in while it closed.
const sweep = 20 * time.Millisecond

// closeTCP closes the mux and all of its connections. pion's Close sweeps once
// and then waits: for half a minute when a connection was silent, or when its
// first packet was under way and made an entry after the sweep. So the
// connections are closed here, and the sweep is repeated until nothing is left.
func (e *endpoints) closeTCP() error {
	e.accepted.close()
	var closers sync.WaitGroup
	defer closers.Wait()
	done := make(chan error, 1)
	closers.Go(func() { done <- e.tcp.Close() })
	again := time.NewTicker(sweep)
	defer again.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-again.C:
			closers.Go(func() { _ = e.tcp.Close() }) // its listener is closed already
		}
	}
}
