package sfu

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// fixedListener gives all connections of a family the same local address, by
// which pion looks peers up, and knows those that are open.
type fixedListener struct {
	net.Listener
	e *endpoints
}

// Accept waits for a connection for which there is room; others are closed.
func (l fixedListener) Accept() (net.Conn, error) {
	for {
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
		c := &fixedConn{Conn: conn, local: net.TCPAddrFromAddrPort(local), from: subscriber(addrPort(conn.RemoteAddr()).Addr()), open: l.e.accepted}
		if l.e.accepted.add(c) {
			return c, nil
		}
		_ = conn.Close()
	}
}

// subscriber is what one person has: an IPv4 address, or the /64 of an IPv6 one.
func subscriber(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return ip
}

type fixedConn struct {
	net.Conn
	local net.Addr
	from  netip.Addr
	open  *openConns
	full  time.Time // when the bytes read so far are within the rate; the reader's
}

func (c *fixedConn) LocalAddr() net.Addr { return c.local }

// Read reads no faster than a peer may send. TCP holds the sender back.
func (c *fixedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	now := time.Now()
	if c.full.Before(now) {
		c.full = now
	}
	c.full = c.full.Add(time.Duration(n) * 8 * time.Second / time.Duration(c.open.bits))
	if wait := c.full.Sub(now) - time.Second; wait > 0 {
		time.Sleep(min(wait, time.Second))
	}
	return n, err
}

func (c *fixedConn) Close() error {
	c.open.remove(c)
	return c.Conn.Close()
}

// openConns are the TCP connections that are open.
type openConns struct {
	most, mostEach int
	bits           int // per second, of each
	refused        atomic.Uint64

	mu     sync.Mutex // guards what follows
	set    map[*fixedConn]struct{}
	each   map[netip.Addr]int
	closed bool
}

func newOpenConns(cfg Config) *openConns {
	return &openConns{
		most: cfg.MaxTCP, mostEach: cfg.MaxTCPPerAddress, bits: cfg.UplinkBits,
		set: map[*fixedConn]struct{}{}, each: map[netip.Addr]int{},
	}
}

// add notes a connection, if there is room for it.
func (o *openConns) add(c *fixedConn) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.set) >= o.most || o.each[c.from] >= o.mostEach {
		o.refused.Add(1)
		return false
	}
	o.set[c] = struct{}{}
	o.each[c.from]++
	return true
}

func (o *openConns) remove(c *fixedConn) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.set[c]; !ok {
		return
	}
	delete(o.set, c)
	if o.each[c.from]--; o.each[c.from] == 0 {
		delete(o.each, c.from)
	}
}

func (o *openConns) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for c := range o.set {
		_ = c.Conn.Close()
	}
	clear(o.set)
	clear(o.each)
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
