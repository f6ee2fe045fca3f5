package turn

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"
)

// Reasons of refusals of connections, as counted in Stats.
const (
	reasonPrivileged = "well-known port"
	leastPort        = 1024 // that clients may connect to, unless it is allowed by its name: mail servers and logins are not peers of a call
)

// codeLater stands for an answer that comes by itself.
const codeLater = -1

// connect serves RFC 6062, section 5.2.
func (s *shard) connect(m *message, a *allocation, who login) int {
	n := s.server.tunnels
	if a.tcp == nil {
		return codeMismatch
	}
	if len(m.peers) != 1 || m.peers[0].Port() == 0 {
		return codeBadRequest
	}
	peer := m.peers[0]
	if code := s.mayPermit(a, peer.Addr()); code != 0 {
		return code
	}
	r := a.tcp.relays[index(peer.Addr())]
	if r.own(peer, &s.server.relays.policy) {
		s.server.refusePeer(reasonOwn)
		return codeForbidden
	}
	if s.server.relays.inside.on {
		if id, code, found := n.join(a, r, peer, s.now); found {
			if code == 0 {
				s.out = appendUint32(s.out, attrConnectionID, id)
			}
			return code
		}
	}
	if ok, reason := s.server.relays.policy.allowConnect(peer); !ok {
		s.server.refusePeer(reason)
		return codeForbidden
	}
	t := newTunnel()
	ctx, cancel := context.WithTimeout(context.Background(), connectFor)
	t.cancel = cancel
	n.mu.Lock()
	e, code := n.admit(a, peer, t)
	t.ends[0] = e
	n.mu.Unlock()
	if code != 0 {
		cancel()
		return code
	}
	answer := m.later(who.key)
	n.turns.Go(func() { n.dial(ctx, e, r.at, answer) })
	return codeLater
}

// own reports whether a peer is the relay itself, under any of this machine's addresses.
func (r *tcpRelay) own(peer netip.AddrPort, p *policy) bool {
	return peer == r.told || peer.Port() == r.at.Port() && (p.own[peer.Addr()] || peer.Addr().IsLoopback() || peer.Addr() == r.at.Addr())
}

// allowConnect is allow for a connection that a client asks for.
func (p policy) allowConnect(peer netip.AddrPort) (ok bool, reason string) {
	ok, reason = p.allow(peer)
	if !ok || peer.Port() >= leastPort || p.addrs[peer] {
		return ok, reason
	}
	if p.ask != nil {
		if named, _ := p.ask(peer); named {
			return true, ""
		}
	}
	return false, reasonPrivileged
}

// join makes a tunnel to another allocation of this server, if the peer is one: found says so. The other's client is told as of any peer, so the other needs
// a permission; without, the connection fails.
func (n *tunnels) join(a *allocation, r *tcpRelay, peer netip.AddrPort, now time.Duration) (id uint32, code int, found bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	b := n.told[peer]
	if b == nil {
		return 0, 0, false
	}
	if !b.peers.Load().permits(r.told.Addr(), now) {
		return 0, codeUnconnected, true
	}
	t := newTunnel()
	e, code := n.admit(a, peer, t)
	if code != 0 {
		return 0, code, true
	}
	t.ends[0] = e
	if t.ends[1], code = n.admit(b, r.told, t); code != 0 {
		n.endLocked(t)
		return 0, codeUnconnected, true
	}
	n.wait(t.ends[0], now)
	n.wait(t.ends[1], now)
	if !b.stream.out.put(attempt(t.ends[1])) {
		n.endLocked(t)
		return 0, codeUnconnected, true
	}
	return e.id, 0, true
}

// dial connects to a peer and answers the request for it.
func (n *tunnels) dial(ctx context.Context, e *end, from netip.AddrPort, answer later) {
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(from), Control: reusePort}
	c, err := d.DialContext(ctx, tcpNetwork(e.peer.Addr()), e.peer.String())
	n.mu.Lock()
	defer n.mu.Unlock()
	b := answer.head(classSuccess)
	switch t := e.tunnel; {
	case err != nil:
		n.server.cfg.Logger.Debug("turn: no connection to a peer") // the error has its address
		n.endLocked(t)
		b = appendError(answer.head(classError), codeUnconnected)
	case t.over:
		_ = c.Close()
		b = appendError(answer.head(classError), codeUnconnected)
	default:
		t.cancel()
		t.ends[1] = &end{tunnel: t, conn: c, done: make(chan struct{})}
		n.wait(e, n.server.since())
		b = appendUint32(b, attrConnectionID, e.id)
	}
	if !e.a.stream.out.put(answer.finish(b, answer.key)) {
		n.endLocked(e.tunnel)
	}
}

// connectionBind serves RFC 6062, section 5.4: the connection that it comes over carries nothing else from then on.
func (s *shard) connectionBind(m *message, from sender, who login) int {
	if from.stream == nil || from.stream.all.datagram || from.stream.held != nil || !m.hasConnection {
		return codeBadRequest
	}
	if len(m.unknown) > 0 {
		return codeUnknownAttribute
	}
	e, code := s.server.tunnels.bind(m.connection, who.user)
	if code != 0 {
		return code
	}
	from.stream.bound = e
	s.out = appendUint32(s.out, attrConnectionID, m.connection)
	return 0
}

// later is what it takes to answer a request when it is no longer there.
type later struct {
	message
	key []byte
}

func (m *message) later(key []byte) later {
	return later{message{raw: append([]byte(nil), m.raw[:stunHeader]...), kind: m.kind, integrity256: m.integrity256, fingerprint: m.fingerprint}, key}
}

func (l *later) head(class uint16) []byte { return appendHead(nil, l.kind|class, l.id()) }

// newID is a transaction id.
func newID() (id [12]byte) {
	binary.NativeEndian.PutUint64(id[:], rand.Uint64())
	binary.NativeEndian.PutUint32(id[8:], rand.Uint32())
	return id
}
