package turn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	pion "github.com/pion/turn/v4"
)

// Server is a running TURN server. Make it with Listen.
type Server struct {
	cfg     Config
	pion    *pion.Server
	udp     *packets
	tcp     *listener
	relays  *relays
	ledger  *ledger
	refused refusals
	failed  refusals
	close   sync.Once
	err     error
}

// Listen starts a server on UDP and TCP.
func Listen(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	udp, tcp, err := bindBoth(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("turn: listen on %s: %w", cfg.Listen, err)
	}
	s := &Server{cfg: cfg, udp: &packets{PacketConn: udp}, tcp: newListener(tcp, cfg.MaxTCP), ledger: newLedger(cfg.Quota, cfg.MaxAge)}
	s.relays = &relays{cfg: cfg, refused: &s.refused, policy: newPolicy(cfg), open: make(map[*relay]struct{})}
	s.pion, err = pion.NewServer(pion.ServerConfig{
		Realm:         cfg.Realm,
		LoggerFactory: quiet{cfg.Logger},
		AuthHandler:   s.key,
		QuotaHandler:  func(username, _ string, from net.Addr) bool { return s.ledger.admit(from, username) },
		EventHandler: pion.EventHandler{
			OnAuth:              s.authenticated,
			OnAllocationCreated: func(from, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { s.ledger.made(from) },
			OnAllocationDeleted: func(from, _ net.Addr, _, _, _ string) { s.ledger.ended(from) },
			OnAllocationError:   func(from, _ net.Addr, _, _ string) { s.ledger.failed(from) },
		},
		PacketConnConfigs: []pion.PacketConnConfig{{PacketConn: s.udp, RelayAddressGenerator: s.relays, PermissionHandler: s.permit}},
		ListenerConfigs:   []pion.ListenerConfig{{Listener: s.tcp, RelayAddressGenerator: s.relays, PermissionHandler: s.permit}},
	})
	if err != nil {
		return nil, fmt.Errorf("turn: %w", errors.Join(err, udp.Close(), tcp.Close()))
	}
	cfg.Logger.Info("turn: listening", "udp", s.UDPAddr().String(), "tcp", s.TCPAddr().String(), "relay", cfg.PublicIP.String())
	return s, nil
}

// bindBoth binds UDP and TCP to the same port.
func bindBoth(addr string) (net.PacketConn, net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, err
	}
	var lc net.ListenConfig
	ctx := context.Background()
	for try := 0; ; try++ {
		udp, err := lc.ListenPacket(ctx, "udp", addr)
		if err != nil {
			return nil, nil, err
		}
		same := strconv.Itoa(udp.LocalAddr().(*net.UDPAddr).Port)
		tcp, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, same))
		if err == nil {
			return udp, tcp, nil
		}
		udp.Close()
		if port != "0" || try == 20 { // a port that the system chose may be taken for TCP
			return nil, nil, err
		}
	}
}

// packets is the UDP socket; a failed read does not end the server.
type packets struct{ net.PacketConn }

func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := p.PacketConn.ReadFrom(b)
		if err == nil || errors.Is(err, net.ErrClosed) {
			return n, from, err
		}
		time.Sleep(time.Millisecond)
	}
}

// key is pion's AuthHandler: the key that the client should have used.
func (s *Server) key(username, realm string, from net.Addr) ([]byte, bool) {
	now := s.cfg.Now()
	expires, _, err := ParseUsername(username)
	switch {
	case err != nil:
		s.fail("malformed username")
	case realm != s.cfg.Realm:
		s.fail("wrong realm")
	case !now.Before(expires) && !s.ledger.outlives(from, username, expires, now):
		s.fail("expired")
	default:
		return pion.GenerateAuthKey(username, realm, passwordFor(s.cfg.Secret, username)), true
	}
	return nil, false
}

func (s *Server) authenticated(_, _ net.Addr, _, _, _ string, _ string, ok bool) {
	if !ok {
		s.fail("wrong password")
	}
}

func (s *Server) fail(reason string) {
	s.failed.count(reason)
	s.cfg.Logger.Debug("turn: authentication failed", "reason", reason)
}

// permit is pion's PermissionHandler, for CreatePermission and ChannelBind.
func (s *Server) permit(from net.Addr, ip net.IP) bool {
	addr, _ := netip.AddrFromSlice(ip)
	ok, reason := s.relays.policy.allow(netip.AddrPortFrom(addr, 0))
	if ok && !s.ledger.grant(from, s.cfg.Now()) {
		ok, reason = false, reasonHurry
	}
	if !ok {
		s.refused.count(reason)
		s.cfg.Logger.Debug("turn: peer refused", "reason", reason)
	}
	return ok
}

// UDPAddr is where UDP clients come in.
func (s *Server) UDPAddr() net.Addr { return s.udp.LocalAddr() }

// TCPAddr is where TCP clients come in.
func (s *Server) TCPAddr() net.Addr { return s.tcp.Addr() }

// Stats tells what the server holds and has refused.
func (s *Server) Stats() Stats {
	st := Stats{Refused: s.refused.snapshot(), Failed: s.failed.snapshot()}
	st.Allocations, st.Users = s.ledger.count()
	return st
}

// Close ends every connection and allocation. It may be called more than once.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.err = s.pion.Close() // the sockets, and with the listener its connections
		s.tcp.wait()
		s.relays.close()
	})
	return s.err
}
