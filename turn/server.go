package turn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	pion "github.com/pion/turn/v5"
)

// Server is a running TURN server. Make it with Listen.
type Server struct {
	cfg      Config
	pion     *pion.Server
	udp      net.PacketConn
	streams  []*listener // TCP, then TLS and DTLS when they are on
	fast     *plane      // nil where pion relays alone
	relays   *relays
	ledger   *ledger
	refused  refusals
	failed   refusals
	draining atomic.Bool
	close    sync.Once
	err      error
}

// Listen starts a server on UDP and TCP, and on TLS and DTLS if they are set.
func Listen(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, ledger: newLedger(cfg)}
	s.relays = newRelays(cfg, &s.refused, s.ledger.full)
	if err := s.bind(); err != nil {
		return nil, err
	}
	settings := pion.ServerConfig{
		Realm:         cfg.Realm,
		LoggerFactory: quiet{cfg.Logger},
		QuotaHandler: func(user, _ string, from net.Addr) bool {
			return !s.draining.Load() && s.ledger.admit(from, user)
		},
		EventHandler:        s.events(),
		StrictAddressFamily: true,
	}
	if !cfg.STUNOnly {
		settings.AuthHandler = s.key
	}
	udp := pion.PacketConnConfig{PacketConn: s.udp, RelayAddressGenerator: s.relays, PermissionHandler: s.permit}
	if s.fast != nil {
		udp.RelayAddressGenerator = s.fast
	}
	settings.PacketConnConfigs = []pion.PacketConnConfig{udp}
	for _, l := range s.streams {
		settings.ListenerConfigs = append(settings.ListenerConfigs, pion.ListenerConfig{Listener: l, RelayAddressGenerator: s.relays, PermissionHandler: s.permit})
	}
	var err error
	if s.pion, err = pion.NewServer(settings); err != nil {
		return nil, fmt.Errorf("turn: %w", errors.Join(err, s.unbind()))
	}
	cfg.Logger.Info("turn: listening", "udp", s.UDPAddr().String(), "tcp", s.TCPAddr().String(), "relay", cfg.PublicIP.String())
	return s, nil
}

func (s *Server) bind() error {
	var tcp net.Listener
	var err error
	if runtime.GOOS == "linux" && !s.cfg.Plain {
		var fast *plane
		if fast, tcp, err = listenPlane(s.cfg.Listen, s.cfg.Shards, s.relays); err == nil {
			s.fast, s.udp = fast, fast
		}
	} else {
		var udp *net.UDPConn
		udp, tcp, err = bindBoth(s.cfg.Listen)
		s.udp = packets{udp}
	}
	if err != nil {
		return fmt.Errorf("turn: listen on %s: %w", s.cfg.Listen, err)
	}
	s.streams = []*listener{newListener(tcp, s.cfg.MaxTCP)}
	if s.cfg.TLSListen != "" {
		secure, datagram, err := listenSecure(s.cfg)
		if err != nil {
			return fmt.Errorf("turn: listen on %s: %w", s.cfg.TLSListen, errors.Join(err, s.unbind()))
		}
		s.streams = append(s.streams, newListener(secure, s.cfg.MaxTCP), newListener(datagram, s.cfg.MaxTCP))
		s.streams[2].datagram = true
	}
	return nil
}

func (s *Server) unbind() error {
	errs := []error{s.udp.Close()}
	for _, l := range s.streams {
		errs = append(errs, l.Close())
	}
	if s.fast != nil {
		s.fast.wait()
	}
	return errors.Join(errs...)
}

func (s *Server) events() pion.EventHandler {
	e := pion.EventHandler{
		OnAuth:              s.authenticated,
		OnAllocationCreated: func(from, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { s.ledger.made(from) },
		OnAllocationDeleted: func(from, _ net.Addr, _, _, _ string) { s.ledger.ended(from) },
		OnAllocationError:   func(from, _ net.Addr, _, _ string) { s.ledger.failed(from) },
	}
	if s.fast != nil {
		return s.fast.events(e)
	}
	return e
}

// UDPAddr is where UDP clients come in.
func (s *Server) UDPAddr() net.Addr { return s.udp.LocalAddr() }

// TCPAddr is where TCP clients come in.
func (s *Server) TCPAddr() net.Addr { return s.streams[0].Addr() }

// TLSAddr is where TLS clients, and at the same port DTLS clients, come in; nil when TLS is off.
func (s *Server) TLSAddr() net.Addr {
	if len(s.streams) < 2 {
		return nil
	}
	return s.streams[1].Addr()
}

// PublicIP is the IPv4 address that clients are told.
func (s *Server) PublicIP() netip.Addr { return s.cfg.PublicIP }

// Drain makes no new allocations, and waits until the last one has ended or ctx does. New clients get 486.
func (s *Server) Drain(ctx context.Context) error {
	s.draining.Store(true)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		n := s.Stats().Allocations
		if n == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%d allocations go on: %w", n, ctx.Err())
		}
	}
}

// Stats tells what the server holds and has refused.
func (s *Server) Stats() Stats {
	st := Stats{Refused: s.refused.snapshot(), Failed: s.failed.snapshot()}
	st.Allocations, st.Users = s.ledger.count()
	if s.fast != nil {
		c := s.fast.count()
		st.ToClients, st.ToClientBytes, st.ToPeers, st.ToPeerBytes = c.toClients, c.toClientBytes, c.toPeers, c.toPeerBytes
		st.Hairpin, st.Dropped, st.Challenges, st.Unanswered = c.hairpin, c.dropped, c.challenges, c.unanswered
	}
	return st
}

// Close ends every connection and allocation. It may be called more than once.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.err = s.pion.Close() // the sockets, and with the listeners their connections
		for _, l := range s.streams {
			l.wait()
		}
		s.relays.close()
		if s.fast != nil {
			s.fast.wait()
		}
	})
	return s.err
}
