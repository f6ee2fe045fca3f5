package turn

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectFor = 30 * time.Second // to a peer that does not answer (RFC 6062, section 5.2: 30 s at least) …
	bindWithin = 30 * time.Second // … and for the client to come for a connection (sections 5.2 and 5.3)
	maxEnds    = 32               // relayed connections of one allocation
)

// tunnels holds what all TCP allocations have (RFC 6062): connections to peers, which wait until their client binds a connection of its own to them, and
// those that are bound. A connection between two allocations of this server is one tunnel without the kernel's. Before both ends are there nothing is read,
// so what a peer sends meanwhile waits in the kernel, as much as a socket's first window takes.
type tunnels struct {
	server           *Server
	on               bool
	most, perAddress int
	pools            [2]*pool // of listening ports, when there is a range

	turns                sync.WaitGroup // of goroutines that accept peers, connect to them, or read from them
	toClients, toPeers   atomic.Uint64  // bytes
	connected, abandoned atomic.Uint64  // tunnels that both ends bound; that nobody came for
	held                 atomic.Uint64  // waits for bandwidth

	mu      sync.Mutex // guards the rest, and ends and relays of every tcpAllocation
	told    map[netip.AddrPort]*allocation
	waiting map[uint32]*end // for a ConnectionBind
	homes   map[netip.Addr]int
	open    int // ends of clients
	closed  bool
}

func newTunnels(s *Server) *tunnels {
	c := s.cfg
	n := &tunnels{
		server: s, on: c.TCPRelay, most: c.MaxTCP, perAddress: c.MaxPerAddress,
		told: make(map[netip.AddrPort]*allocation), waiting: make(map[uint32]*end), homes: make(map[netip.Addr]int),
	}
	if n.on && c.MinPort != 0 {
		n.pools = [2]*pool{newPool(int(c.MinPort), int(c.MaxPort)), newPool(int(c.MinPort), int(c.MaxPort))}
	}
	return n
}

// admit gives an allocation one more end, of the tunnel t to a peer, or says why not: codeMismatch, codeExists, codeQuota or codeCapacity. The caller holds mu.
func (n *tunnels) admit(a *allocation, peer netip.AddrPort, t *tunnel) (*end, int) {
	switch {
	case n.closed || a.tcp.relays[index(peer.Addr())] == nil:
		return nil, codeMismatch
	case a.tcp.ends[peer] != nil:
		return nil, codeExists
	case len(a.tcp.ends) >= maxEnds || n.homes[a.home] >= n.perAddress:
		return nil, codeQuota
	case n.open >= n.most:
		return nil, codeCapacity
	}
	e := &end{tunnel: t, a: a, peer: peer, done: make(chan struct{})}
	a.tcp.ends[peer] = e
	n.homes[a.home]++
	n.open++
	return e, 0
}

// wait lets an end wait for its client, and names it. The caller holds mu.
func (n *tunnels) wait(e *end, now time.Duration) {
	for e.id == 0 || n.waiting[e.id] != nil {
		e.id = rand.Uint32()
	}
	e.until = now + bindWithin
	n.waiting[e.id] = e
}

// owner is the allocation for whose client a connection waits, or nil.
func (n *tunnels) owner(id uint32) *allocation {
	n.mu.Lock()
	defer n.mu.Unlock()
	if e := n.waiting[id]; e != nil {
		return e.a
	}
	return nil
}

// bind takes an end that waits, for its user and for nobody else.
func (n *tunnels) bind(id uint32, user string) (*end, int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e := n.waiting[id]
	if e == nil {
		return nil, codeBadRequest
	}
	if e.a.user != user {
		return nil, codeWrongCredentials
	}
	delete(n.waiting, id)
	return e, 0
}

// sweep ends what nobody came for in time.
func (n *tunnels) sweep(now time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.waiting {
		if e.until <= now {
			n.abandoned.Add(1)
			n.endLocked(e.tunnel)
		}
	}
}

// end closes both sides of a tunnel. It may be called more than once.
func (n *tunnels) end(t *tunnel) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.endLocked(t)
}

func (n *tunnels) endLocked(t *tunnel) {
	if t.over {
		return
	}
	t.over = true
	close(t.gone)
	t.cancel()
	for _, e := range t.ends {
		if e == nil {
			continue
		}
		if e.conn != nil {
			cut(e.conn)
		}
		if e.a == nil {
			continue
		}
		delete(e.a.tcp.ends, e.peer)
		if n.waiting[e.id] == e {
			delete(n.waiting, e.id)
		}
		if n.homes[e.a.home]--; n.homes[e.a.home] == 0 {
			delete(n.homes, e.a.home)
		}
		n.open--
	}
}

// endRelay closes a listening port of an allocation, and the tunnels of its family.
func (n *tunnels) endRelay(a *allocation, i int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := a.tcp.relays[i]
	if r == nil {
		return
	}
	a.tcp.relays[i] = nil
	delete(n.told, r.told)
	_ = r.listener.Close()
	if n.pools[i] != nil {
		n.pools[i].release(int(r.told.Port()))
	}
	for peer, e := range a.tcp.ends {
		if index(peer.Addr()) == i {
			n.endLocked(e.tunnel)
		}
	}
}

// shut ends all, and lets nothing begin.
func (n *tunnels) shut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	var all []*tunnel
	for _, a := range n.told {
		for _, e := range a.tcp.ends {
			all = append(all, e.tunnel)
		}
	}
	for _, t := range all {
		n.endLocked(t)
	}
}

func (n *tunnels) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}
