package turn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"
)

const protocolTCP = 6

// tcpAllocation is what an allocation for TCP holds instead of relay sockets (RFC 6062, section 5.1). tunnels.mu guards it; relays are changed under the
// shard's lock, too, so each of the two is enough to read them.
type tcpAllocation struct {
	relays [2]*tcpRelay
	ends   map[netip.AddrPort]*end // by peer
}

// tcpRelay is a listening port.
type tcpRelay struct {
	told     netip.AddrPort
	at       netip.AddrPort // where connections to peers begin
	listener net.Listener
}

// wantsTCP reports whether an Allocate is one for TCP.
func (m *message) wantsTCP() bool { return m.transport[0] == protocolTCP }

// mayTCP reports whether that can be (RFC 6062, section 5.1).
func (m *message) mayTCP(from sender) bool {
	return from.stream != nil && !from.stream.all.datagram && !m.even && !m.hasToken && !slices.Contains(m.unknown, attrDontFragment)
}

// listen opens a port for peers.
func (n *tunnels) listen(relays *relays, family byte) (*tcpRelay, error) {
	i := family - 1
	r := new(tcpRelay)
	open := func(port int) (err error) {
		r.at = netip.AddrPortFrom(relays.at[i], uint16(port)) //nolint:gosec // a port
		lc := net.ListenConfig{Control: reusePort}
		r.listener, err = lc.Listen(context.Background(), tcpNetwork(relays.at[i]), r.at.String())
		return err
	}
	var err error
	if n.pools[i] != nil {
		_, err = n.pools[i].take(false, false, open)
	} else {
		err = open(0)
	}
	if err != nil {
		return nil, err
	}
	port := r.listener.Addr().(*net.TCPAddr).AddrPort().Port()
	r.at, r.told = netip.AddrPortFrom(relays.at[i], port), netip.AddrPortFrom(relays.public[i], port)
	return r, nil
}

func tcpNetwork(a netip.Addr) string {
	if a.Is4() {
		return "tcp4"
	}
	return "tcp6"
}

// add lets peers come to a new allocation.
func (n *tunnels) add(a *allocation) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, r := range a.tcp.relays {
		if r != nil {
			n.told[r.told] = a
			n.turns.Go(func() { n.accept(a, r) })
		}
	}
}

// accept takes peers until the port is closed.
func (n *tunnels) accept(a *allocation, r *tcpRelay) {
	for {
		c, err := r.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or a peer gone before it was accepted
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if !n.offer(a, c) {
			_ = c.(*net.TCPConn).SetLinger(0) // a stranger costs no state
			_ = c.Close()
		}
	}
}

// offer tells a client about a peer that has come, if the peer has a permission and the policy agrees (RFC 6062, section 5.3).
func (n *tunnels) offer(a *allocation, c net.Conn) bool {
	from, now := remote(c), n.server.since()
	if !a.peers.Load().permits(from.Addr(), now) || !n.server.relays.allows(from) {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	t := newTunnel()
	e, code := n.admit(a, from, t)
	if code != 0 {
		return false
	}
	t.ends = [2]*end{e, {tunnel: t, conn: c, done: make(chan struct{})}}
	n.wait(e, now)
	if !a.stream.out.put(attempt(e)) {
		n.endLocked(t)
	}
	return true
}

// attempt is a ConnectionAttempt indication.
func attempt(e *end) []byte {
	b := appendHead(nil, typeConnectionAttempt, newID())
	b = appendAddress(b, attrXORPeer, e.peer)
	return appendUint32(b, attrConnectionID, e.id)
}
