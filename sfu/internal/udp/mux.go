package udp

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Config of a Mux.
type Config struct {
	// Sockets are the bound sockets of one port; the Mux closes them.
	Sockets []*net.UDPConn
	// Addrs are what pion lists as local addresses, at most one per family.
	Addrs []net.Addr
	// Rate is the limit of each session.
	Rate Rate
}

// checksPerSecond is how many connectivity checks a session may receive; a browser that connects sends 20 per pair.
const checksPerSecond = 400

// Mux carries the packets of all sessions.
type Mux struct {
	rate     Rate
	addrs    []net.Addr
	shards   []*shard
	now      func() int64 // Unix nanoseconds
	maxPaths int

	mu     sync.RWMutex // guards what follows, and lists of sessions; read-locked once per batch of packets, not while they are handled
	conns  map[connKey]*Conn
	paths  map[netip.AddrPort]*path
	sweep  int64 // when expired paths are looked for next
	closed bool

	stop chan struct{}
	work sync.WaitGroup

	unknown, limited, unproven, full atomic.Uint64
}

type connKey struct {
	ufrag string
	v6    bool
}

// New serves the sockets until Close.
func New(cfg Config) (*Mux, error) {
	return newMux(cfg, func() int64 { return time.Now().UnixNano() })
}

func newMux(cfg Config, now func() int64) (*Mux, error) {
	m := &Mux{
		rate: cfg.Rate, addrs: cfg.Addrs, now: now, maxPaths: maxPathsTotal, stop: make(chan struct{}),
		conns: map[connKey]*Conn{}, paths: map[netip.AddrPort]*path{},
	}
	for _, socket := range cfg.Sockets {
		s, err := newShard(m, socket)
		if err != nil {
			return nil, err
		}
		m.shards = append(m.shards, s)
	}
	for _, s := range m.shards {
		m.work.Go(s.read)
		m.work.Go(s.write)
	}
	return m, nil
}

// Close sends what waits, closes the sockets and all conns, and waits.
func (m *Mux) Close() error {
	m.mu.Lock()
	m.closed = true
	var conns []*Conn
	for _, c := range m.conns {
		conns = append(conns, c)
	}
	m.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	close(m.stop)
	m.work.Wait()
	return nil
}

// remove forgets a conn.
func (m *Mux) remove(c *Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := connKey{c.ufrag, c.v6}
	if m.conns[key] == c {
		delete(m.conns, key)
	}
	c.session.conns = slices.DeleteFunc(c.session.conns, func(o *Conn) bool { return o == c })
}

// route passes a datagram on. p is the path of its sender, nil for none.
func (m *Mux) route(b []byte, from netip.AddrPort, p *path, via *shard, now int64) {
	kind := kindOf(b)
	switch {
	case kind == kindSTUN:
		m.routeSTUN(b, from, p, via, now)
		return
	case kind == kindOther || p == nil || p.expired(now):
		m.unknown.Add(1)
		return
	}
	p.count(len(b))
	p.heard.Store(now)
	s := p.session
	if s.speaks.Load() != p {
		s.speaks.Store(p)
	}
	switch {
	case !s.packets.take(now, 1, m.rate.Packets) || !s.bits.take(now, 8*len(b), m.rate.Bits):
		m.limited.Add(1)
	case kind == kindMedia && s.media != nil:
		s.media(b)
	default:
		m.deliver(p.conn.Load(), b, from)
	}
}

func (m *Mux) routeSTUN(b []byte, from netip.AddrPort, p *path, via *shard, now int64) {
	switch stunType(b) {
	case bindingRequest:
		ufrag, ok := localUfrag(b)
		if !ok {
			m.unknown.Add(1)
			return
		}
		m.mu.RLock()
		c := m.conns[connKey{string(ufrag), from.Addr().Is6()}]
		m.mu.RUnlock()
		if c == nil {
			m.unknown.Add(1)
			return
		}
		s := c.session
		if !s.checks.take(now, 1, checksPerSecond) {
			m.limited.Add(1)
			return
		}
		if p != nil && p.session == s && !p.expired(now) {
			p.count(len(b))
		} else {
			s.mu.Lock()
			s.pending.add(from, via, len(b))
			s.mu.Unlock()
		}
		m.deliver(c, b, from)
	case success:
		if p != nil && string(transaction(b)) == string(p.id[:]) {
			p.proven.Store(true)
		}
	case indication:
		if p != nil && p.session.checks.take(now, 1, checksPerSecond) {
			p.count(len(b))
			m.deliver(p.conn.Load(), b, from)
		}
	default:
		m.unknown.Add(1)
	}
}

func (m *Mux) deliver(c *Conn, b []byte, from netip.AddrPort) {
	if c.isClosed() {
		m.unknown.Add(1)
		return
	}
	p := NewPacket()
	p.n, p.addr = copy(p.b[:], b), from
	first, ok := c.in.push(p)
	switch {
	case !ok:
		m.full.Add(1)
		p.Free()
	case first:
		c.in.signal()
	}
}

// Stats counts datagrams, and what the mux holds.
type Stats struct {
	Received, Sent uint64
	Unknown        uint64 // for no session, or of no kind that is known
	Limited        uint64 // over the rate of a session
	Unproven       uint64 // not sent: more than a path may have that is not proven
	Full           uint64 // no room in a queue or in the kernel
	Conns, Paths   int
}

// Stats counts what is and was.
func (m *Mux) Stats() Stats {
	m.mu.RLock()
	st := Stats{Conns: len(m.conns), Paths: len(m.paths)}
	m.mu.RUnlock()
	st.Unknown, st.Limited, st.Unproven, st.Full = m.unknown.Load(), m.limited.Load(), m.unproven.Load(), m.full.Load()
	for _, s := range m.shards {
		st.Received += s.received.Load()
		st.Sent += s.sent.Load()
		st.Full += s.dropped.Load()
	}
	return st
}
