package udp

import (
	"cmp"
	"crypto/rand"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

const (
	maxPaths      = 8       // addresses of one session
	maxPathsTotal = 1 << 17 // addresses of all
	amplification = 3       // bytes sent for a byte received, until the path is proven
	patience      = 30 * time.Second
	sweepEvery    = 5 * time.Second
)

// path is an address of a session.
type path struct {
	session *Session
	addr    netip.AddrPort
	shard   *shard // that reads what comes from there
	made    int64  // Unix nanoseconds
	id      [stun.TransactionIDSize]byte

	conn     atomic.Pointer[Conn] // that answered the last check
	received atomic.Int64         // bytes, until proven
	sent     atomic.Int64         // bytes, until proven
	checked  atomic.Int64         // when a check was answered last, Unix nanoseconds
	heard    atomic.Int64         // when something but STUN came last, Unix nanoseconds
	spoken   atomic.Bool          // something but STUN went there before the handshake ended
	proven   atomic.Bool
}

func (p *path) expired(now int64) bool { return !p.proven.Load() && now-p.made > int64(patience) }

// count notes bytes that came.
func (p *path) count(n int) {
	if !p.proven.Load() {
		p.received.Add(int64(n))
	}
}

// allow reports whether n bytes may be sent, and notes them.
func (p *path) allow(n int) bool {
	if p.proven.Load() {
		return true
	}
	if p.sent.Add(int64(n)) > amplification*p.received.Load() {
		p.sent.Add(-int64(n))
		return false
	}
	return true
}

// answered is called when pion answers a check, which proves that who sent it knows the session's password. It gives the
// path, nil when there is no room for one.
func (m *Mux) answered(c *Conn, addr netip.AddrPort) *path {
	now := m.now()
	m.mu.RLock()
	p := m.paths[addr]
	m.mu.RUnlock()
	if p == nil || p.session != c.session || p.conn.Load() != c || p.expired(now) {
		p = m.claim(c, addr, now)
	}
	if p == nil {
		return nil
	}
	p.checked.Store(now)
	return p
}

// claim makes addr a path of c's session and sends what comes from there to c.
func (m *Mux) claim(c *Conn, addr netip.AddrPort, now int64) *path {
	s := c.session
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.ended {
		return nil
	}
	if now >= m.sweep {
		m.sweep = now + int64(sweepEvery)
		m.forgetExpired(now)
	}
	if i := slices.IndexFunc(s.paths, func(p *path) bool { return p.addr == addr }); i >= 0 {
		p := s.paths[i]
		if !p.expired(now) {
			p.conn.Store(c)
			m.give(p, now)
			return p
		}
		m.forget(p)
	}
	if _, known := m.paths[addr]; !known && len(m.paths) >= m.maxPaths {
		return nil
	}
	if len(s.paths) >= maxPaths {
		m.forget(slices.MinFunc(s.paths, leastUse))
	}
	s.mu.Lock()
	shard, received := s.pending.take(addr)
	s.mu.Unlock()
	if shard == nil {
		shard = m.shards[0]
	}
	p := &path{session: s, addr: addr, shard: shard, made: now}
	_, _ = rand.Read(p.id[:])
	p.conn.Store(c)
	p.checked.Store(now)
	p.received.Store(received)
	s.paths = append(s.paths, p)
	m.give(p, now)
	return p
}

// give lets p have what comes from its address, unless another session has proven that address and was checked there
// lately: a check of one's own session can be sent from a forged address. The caller holds mu.
func (m *Mux) give(p *path, now int64) {
	has := m.paths[p.addr]
	if has == nil || has.session == p.session || !has.proven.Load() || now-has.checked.Load() > int64(patience) {
		m.paths[p.addr] = p
	}
}

// leastUse orders paths: first unproven ones, among equals those that were checked longest ago.
func leastUse(a, b *path) int {
	switch {
	case a.proven.Load() == b.proven.Load():
		return cmp.Compare(a.checked.Load(), b.checked.Load())
	case a.proven.Load():
		return 1
	}
	return -1
}

// forget drops a path. The caller holds mu.
func (m *Mux) forget(p *path) {
	if m.paths[p.addr] == p {
		delete(m.paths, p.addr)
	}
	s := p.session
	s.paths = slices.DeleteFunc(s.paths, func(o *path) bool { return o == p })
}

func (m *Mux) forgetExpired(now int64) {
	for _, p := range m.paths {
		if p.expired(now) {
			m.forget(p)
		}
	}
}

// pending notes the bytes of checks that were not answered yet, so that they count when they are.
type pending struct {
	list [maxPaths]struct {
		addr  netip.AddrPort
		shard *shard
		bytes int64
	}
	next int
}

func (w *pending) add(addr netip.AddrPort, from *shard, n int) {
	for i := range w.list {
		if w.list[i].addr == addr {
			w.list[i].bytes += int64(n)
			return
		}
	}
	e := &w.list[w.next]
	w.next = (w.next + 1) % len(w.list)
	e.addr, e.shard, e.bytes = addr, from, int64(n)
}

func (w *pending) take(addr netip.AddrPort) (*shard, int64) {
	for i := range w.list {
		if e := &w.list[i]; e.addr == addr {
			from, n := e.shard, e.bytes
			e.addr, e.shard, e.bytes = netip.AddrPort{}, nil, 0
			return from, n
		}
	}
	return nil, 0
}
