package sfu

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"passerby/sfu/link"
)

// Server holds the peers of one node. Make one with Listen.
type Server struct {
	cfg         Config
	log         *slog.Logger
	ends        *endpoints
	settings    webrtc.SettingEngine
	certificate webrtc.Certificate
	metrics     *metrics
	link        *link.Server // nil when there are no other nodes
	deck        *deck        // nil when nothing is recorded

	pulse pulse

	mu     sync.Mutex // guards what follows, and who feeds whom; never taken by a packet
	seats  map[string]*seat
	nodes  map[string]*neighbour
	peers  int
	gen    uint64
	closed bool

	work sync.WaitGroup // goroutines that end peers, and read loops
}

// Listen opens the sockets of cfg and serves until Close.
func Listen(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, log: cfg.Logger, seats: map[string]*seat{}, nodes: map[string]*neighbour{}}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("sfu: DTLS key: %w", err)
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, fmt.Errorf("sfu: DTLS certificate: %w", err)
	}
	s.certificate = *cert
	factory := pionLog{cfg.Logger}
	if s.ends, err = listen(cfg, factory); err != nil {
		return nil, err
	}
	s.settings = newSettings(cfg, s.ends, factory)
	s.deck = newDeck(cfg)
	s.metrics = newMetrics(s)
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(s.metrics); err != nil {
			_ = s.ends.close()
			return nil, fmt.Errorf("sfu: metrics: %w", err)
		}
	}
	if cfg.Link.Name != "" {
		if err := s.join(cfg.Link); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

// Close ends all peers without events, closes the sockets and waits.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.work.Wait()
		return nil
	}
	s.closed = true
	for _, m := range s.seats {
		s.vacate(m)
	}
	clear(s.seats)
	s.mu.Unlock()
	if s.deck != nil {
		s.deck.close()
	}
	var err error
	if s.link != nil {
		err = s.link.Close()
	}
	s.work.Wait()
	if s.cfg.Registerer != nil {
		s.cfg.Registerer.Unregister(s.metrics)
	}
	return errors.Join(err, s.ends.close())
}

// Run waits for ctx and closes the server.
func (s *Server) Run(ctx context.Context) error {
	<-ctx.Done()
	return s.Close()
}

// UDPAddr is the address that the media socket is bound to.
func (s *Server) UDPAddr() netip.AddrPort { return s.ends.udpAddr }

// TCPAddr is the address of the ICE-TCP listener, invalid when there is none.
func (s *Server) TCPAddr() netip.AddrPort { return s.ends.tcpAddr }

// Addrs are the UDP addresses under which browsers and relays reach the server.
func (s *Server) Addrs() []netip.AddrPort { return withPort(s.ends.addresses, s.ends.udpAddr.Port()) }

func (s *Server) tcpAddrs() []netip.AddrPort {
	if !s.ends.tcpAddr.IsValid() {
		return nil
	}
	return withPort(s.ends.addresses, s.ends.tcpAddr.Port())
}

func withPort(ips []netip.Addr, port uint16) []netip.AddrPort {
	out := make([]netip.AddrPort, len(ips))
	for i, ip := range ips {
		out[i] = netip.AddrPortFrom(ip, port)
	}
	return out
}

// Offer answers a browser's offer with a complete answer. The first offer under
// an id makes its peer; a later one with the same DTLS certificate negotiates
// again or restarts ICE; one with another certificate replaces the peer, and
// its routes stay. Offers for one id are handled one after the other.
func (s *Server) Offer(ctx context.Context, id, sdp string) (string, error) {
	in, err := parseOffer(sdp)
	if err != nil {
		s.metrics.refused.Add(1)
		return "", err
	}
	if s.deck != nil {
		in.plain()
	}
	m, err := s.seat(id)
	if err != nil {
		return "", err
	}
	defer s.release(m)
	m.negotiating.Lock()
	defer m.negotiating.Unlock()

	if p := m.peer.Load(); p != nil && p.fingerprint == in.fingerprint && !p.ended.Load() {
		answer, err := p.negotiate(ctx, in)
		if err != nil {
			s.metrics.refused.Add(1)
		}
		return answer, err
	}
	if err := s.admit(m); err != nil {
		return "", err
	}
	p, err := s.newPeer(m, in.fingerprint)
	if err != nil {
		return "", fmt.Errorf("sfu: new peer: %w", err)
	}
	answer, err := p.negotiate(ctx, in)
	if err != nil {
		s.metrics.refused.Add(1)
		p.end()
		return "", err
	}
	if err := s.install(m, p); err != nil {
		p.end()
		return "", err
	}
	return answer, nil
}

// Candidate checks a browser's candidate. The server needs none: it learns a
// browser's addresses from its connectivity checks.
func (s *Server) Candidate(id, candidate string) error {
	if len(candidate) > MaxCandidate {
		return fmt.Errorf("%w: over %d bytes", ErrCandidate, MaxCandidate)
	}
	return checkCandidate(candidate)
}

// KeyFrame says that the sender id has installed the keys of its present route
// and makes a key frame: it is asked again when none comes.
func (s *Server) KeyFrame(id string) {
	s.mu.Lock()
	m := s.seats[id]
	if m == nil {
		s.mu.Unlock()
		return
	}
	m.keyed = true
	s.mu.Unlock()
	m.tellKeyed()
}

// Shown says that the receiver id has decoded the first frame of its route, and answers how that came.
func (s *Server) Shown(id string) Passage { return s.ShownSlot(id, 0) }

// ShownSlot is Shown for a slot.
func (s *Server) ShownSlot(id string, slot int) (p Passage) {
	if checkSlot(slot) != nil {
		return p
	}
	s.mu.Lock()
	m := s.seats[id]
	s.mu.Unlock()
	if m == nil {
		return p
	}
	if to := m.peer.Load(); to != nil {
		if d := to.down[slot][video].Load(); d != nil {
			return d.shown()
		}
	}
	return p
}

// Recording gives the last Config.Tape of what the id was fed on its route with this key id, as package tape lays it out,
// still encrypted: of the present route, or of one that ended within the last minute; nil when there is none.
func (s *Server) Recording(id string, keyID uint64) []byte {
	if s.deck == nil {
		return nil
	}
	s.mu.Lock()
	var r *recorder
	if m := s.seats[id]; m != nil {
		if now := m.slot(0).route.Load(); now != nil && now.keyID == keyID {
			r = now.recorder
		}
	}
	s.mu.Unlock()
	if r == nil {
		r = s.deck.find(id, keyID)
	}
	if r == nil {
		return nil
	}
	return r.cut(time.Now())
}

// Send sends data as one text message over the id's data channel. The errors
// are ErrUnknown, ErrNotOpen, ErrTooLarge, ErrSlow.
func (s *Server) Send(id string, data []byte) error {
	if len(data) > s.cfg.MaxMessage {
		return ErrTooLarge
	}
	s.mu.Lock()
	m := s.seats[id]
	s.mu.Unlock()
	if m == nil {
		return ErrUnknown
	}
	p := m.peer.Load()
	if p == nil {
		return ErrUnknown
	}
	return p.send(data)
}

// Remove ends the id's peer and its route; routes from it stop. No event
// follows, except one that is being delivered already.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.seats[id]; m != nil {
		for sl := range m.all {
			s.point(sl, nil)
		}
		s.vacate(m)
		m.unkeyed()
		s.discard(m)
	}
}

// pion has no part in media.
var (
	noCodecs       = &webrtc.MediaEngine{}
	noInterceptors = &interceptor.Registry{}
)
