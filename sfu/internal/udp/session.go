package udp

import (
	"errors"
	"io"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/ice/v4"
)

// Session is one peer's share of a Mux: the ice.UDPMux that pion is given for this peer.
type Session struct {
	mux   *Mux
	media func([]byte) // see Mux.Session

	bits, packets, checks limit
	established           atomic.Bool  // the DTLS handshake ended
	spoken                atomic.Int32 // paths to which more than STUN went before that

	selected atomic.Pointer[netip.AddrPort] // where Send sends to
	last     atomic.Pointer[path]           // where it sent to last
	speaks   atomic.Pointer[path]           // where something but STUN came from last

	// Guarded by Mux.mu.
	conns    []*Conn
	paths    []*path
	ended    bool
	ufrag    string // of the browser
	password string // of the browser

	mu      sync.Mutex // guards pending
	pending pending
}

var _ ice.UDPMux = (*Session)(nil)

var errUfrag = errors.New("udp: the ufrag is in use")

// Session makes a session; the caller ends it. What comes over SRTP and SRTCP goes to media, on the goroutine that read it;
// the bytes are media's to write on while it runs. With nil it goes to pion, as everything else does.
func (m *Mux) Session(media func([]byte)) *Session { return &Session{mux: m, media: media} }

// Select says where Send sends to from now on: the remote address of the pair that ICE has selected; the zero AddrPort says that it is
// none of UDP.
func (s *Session) Select(addr netip.AddrPort) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	s.selected.Store(&addr)
}

// Speaks reports whether addr is where the browser sends from now, and Send sends elsewhere.
func (s *Session) Speaks(addr netip.AddrPort) bool {
	p, selected := s.speaks.Load(), s.selected.Load()
	return p != nil && p.addr == addr && selected != nil && *selected != addr
}

// Silent is for how long nothing came from where Send sends to: 0 when nothing was selected, for ever when that is none of UDP.
func (s *Session) Silent() time.Duration {
	if addr := s.selected.Load(); addr != nil && !addr.IsValid() {
		return math.MaxInt64
	}
	p := s.to()
	if p == nil {
		return 0
	}
	return time.Duration(s.mux.now() - max(p.heard.Load(), p.checked.Load()))
}

// Send sends the packet soon, unless there is no such path or it had its share. The packet is the session's from now on.
func (s *Session) Send(pkt *Packet) {
	if p := s.to(); p != nil && p.allow(pkt.n) {
		pkt.addr = p.addr
		p.shard.give(pkt)
		return
	}
	s.mux.unproven.Add(1)
	pkt.Free()
}

func (s *Session) to() *path {
	addr := s.selected.Load()
	if addr == nil {
		return nil
	}
	p := s.last.Load()
	if p == nil || p.addr != *addr {
		if p = s.path(*addr); p != nil {
			s.last.Store(p)
		}
	}
	return p
}

// Remote tells the ICE credentials of the browser, for checks of ours.
func (s *Session) Remote(ufrag, password string) {
	s.mux.mu.Lock()
	defer s.mux.mu.Unlock()
	s.ufrag, s.password = ufrag, password
}

// Established says that the DTLS handshake ended. If all of it went to one address, that one is proven.
func (s *Session) Established() {
	s.mux.mu.Lock()
	defer s.mux.mu.Unlock()
	if s.established.Swap(true) || s.spoken.Load() != 1 {
		return
	}
	for _, p := range s.paths {
		if p.spoken.Load() {
			p.proven.Store(true)
		}
	}
}

// challenge sends a check of ours to a path that came later than the handshake and is not proven.
func (s *Session) challenge(p *path) {
	if p.proven.Load() || !s.established.Load() {
		return
	}
	s.mux.mu.RLock()
	ufrag, password := s.ufrag, s.password
	s.mux.mu.RUnlock()
	c := p.conn.Load()
	if ufrag == "" || c == nil {
		return
	}
	b, err := challenge(p.id, ufrag+":"+c.ufrag, password)
	if err == nil && p.allow(len(b)) {
		p.shard.send(b, p.addr)
	}
}

// path is the session's path of that address, or nil.
func (s *Session) path(addr netip.AddrPort) *path {
	s.mux.mu.RLock()
	defer s.mux.mu.RUnlock()
	for _, p := range s.paths {
		if p.addr == addr {
			return p
		}
	}
	return nil
}

// End forgets the session and closes its conns.
func (s *Session) End() {
	s.mux.mu.Lock()
	s.ended = true
	conns := slices.Clone(s.conns)
	for len(s.paths) > 0 {
		s.mux.forget(s.paths[0])
	}
	s.mux.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// GetConn makes the conn of a ufrag for the address family of addr.
func (s *Session) GetConn(ufrag string, addr net.Addr) (net.PacketConn, error) {
	at, ok := addr.(*net.UDPAddr)
	if !ok {
		return nil, net.InvalidAddrError("udp: not a UDP address")
	}
	m := s.mux
	m.mu.Lock()
	defer m.mu.Unlock()
	key := connKey{ufrag, at.IP.To4() == nil}
	switch {
	case m.closed || s.ended:
		return nil, io.ErrClosedPipe
	case m.conns[key] != nil:
		return nil, errUfrag
	}
	c := newConn(s, ufrag, key.v6)
	m.conns[key] = c
	s.conns = append(s.conns, c)
	return c, nil
}

// RemoveConnByUfrag closes the conns of a ufrag. Their paths stay: the next ufrag of this session goes on with them.
func (s *Session) RemoveConnByUfrag(ufrag string) {
	s.mux.mu.RLock()
	var conns []*Conn
	for _, c := range s.conns {
		if c.ufrag == ufrag {
			conns = append(conns, c)
		}
	}
	s.mux.mu.RUnlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// GetListenAddresses is one address per family: each costs a peer a goroutine.
func (s *Session) GetListenAddresses() []net.Addr { return s.mux.addrs }

// Close has no use: the Mux outlives the peer.
func (s *Session) Close() error { return nil }
