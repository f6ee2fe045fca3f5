package turn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running TURN server. Make it with Listen.
type Server struct {
	cfg      Config
	secrets  []string         // that Credentials may be made with
	clock    func() time.Time // of lifetimes and nonces
	began    time.Time
	nonceKey []byte
	udp      net.Addr
	shards   []*shard
	turns    sync.WaitGroup // one for each shard's pump, and one for each message that waits for two shards
	streams  []*listener    // TCP, then TLS and DTLS when they are on
	taken    *listener      // connections that others accepted
	next     atomic.Uint32  // shard of the next stream
	relays   *relays
	tunnels  *tunnels
	tickets  *tickets // nil when nobody may move
	ledger   *ledger
	others   *alternates
	limits   *bandwidth // nil without limits
	refused  refusals
	failed   [transports]refusals
	draining atomic.Bool
	close    sync.Once
	err      error
}

// Listen starts a server on UDP and TCP, and on TLS and DTLS if they are set.
func Listen(cfg Config) (*Server, error) { return listen(cfg, time.Now) }

func listen(cfg Config, clock func() time.Time) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg: cfg, secrets: append([]string{cfg.Secret}, cfg.Accept...), clock: clock, began: clock(), nonceKey: newNonceKey(), tickets: newTickets(cfg), ledger: newLedger(cfg), others: newAlternates(cfg), limits: newBandwidth(cfg),
	}
	s.relays, s.tunnels = newRelays(cfg, &s.refused, s.ledger), newTunnels(s)
	if err := s.bind(); err != nil {
		return nil, err
	}
	for _, x := range s.shards {
		if err := x.share(); err != nil {
			return nil, fmt.Errorf("turn: relay port %d: %w", cfg.SinglePort, errors.Join(err, s.Close()))
		}
	}
	for _, x := range s.shards {
		s.turns.Go(x.pump.run)
	}
	for _, l := range s.streams {
		l.turns.Go(l.run)
	}
	cfg.Logger.Info("turn: listening", "udp", s.UDPAddr().String(), "tcp", s.TCPAddr().String(), "relay", cfg.PublicIP.String())
	return s, nil
}

func (s *Server) bind() error {
	tcp, err := s.listenUDP()
	if err != nil {
		return fmt.Errorf("turn: listen on %s: %w", s.cfg.Listen, err)
	}
	s.streams, s.taken = []*listener{newListener(tcp, s)}, newListener(nil, s)
	s.streams[0].transport, s.taken.transport, s.taken.apart = TCP, TLS, true
	if s.cfg.TLSListen != "" {
		secure, datagram, err := listenSecure(s.cfg)
		if err != nil {
			s.closePumps()
			return fmt.Errorf("turn: listen on %s: %w", s.cfg.TLSListen, errors.Join(err, tcp.Close()))
		}
		s.streams = append(s.streams, newListener(secure, s), newListener(datagram, s))
		s.streams[1].transport, s.streams[2].transport = TLS, DTLS
		s.streams[1].apart, s.streams[2].apart, s.streams[2].datagram = true, true, true
	}
	return nil
}

func (s *Server) closePumps() {
	for _, x := range s.shards {
		x.pump.closeSockets()
	}
	s.shards = nil
}

// since is the time since the start.
func (s *Server) since() time.Duration { return s.clock().Sub(s.began) }

// nextShard spreads the streams.
func (s *Server) nextShard() *shard { return s.shards[int(s.next.Add(1))%len(s.shards)] }

// UDPAddr is where UDP clients come in.
func (s *Server) UDPAddr() net.Addr { return s.udp }

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

// Drain makes no new allocations, and waits until the last one has ended or ctx does. New clients get 486, or 300 with another server's address.
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
	st := Stats{Refused: s.refused.snapshot(), Failed: make(map[string]uint64)}
	st.Allocations, st.Users = s.ledger.count()
	st.Reserved = s.relays.waiting()
	st.Allocations = max(st.Allocations-st.Reserved, 0)
	st.Tunnels, st.Tunnelled, st.Abandoned, st.Held = s.tunnels.count(), s.tunnels.connected.Load(), s.tunnels.abandoned.Load(), s.tunnels.held.Load()
	st.TunnelToClients, st.TunnelToPeers = s.tunnels.toClients.Load(), s.tunnels.toPeers.Load()
	for _, x := range s.shards {
		x.mu.Lock()
		counts := x.counts
		x.mu.Unlock()
		for t, c := range counts {
			st.add(Transport(t), c) //nolint:gosec // four
		}
	}
	for t := range s.failed {
		st.By[t].Failed = s.failed[t].snapshot()
		for reason, n := range st.By[t].Failed {
			st.Failed[reason] += n
		}
	}
	for _, l := range append(slices.Clip(s.streams), s.taken) {
		st.By[l.transport].Connections += l.count()
	}
	return st
}

// Close ends every connection and allocation. It may be called more than once.
func (s *Server) Close() error {
	s.close.Do(func() {
		var errs []error
		s.tunnels.shut()
		streams := append(slices.Clip(s.streams), s.taken)
		for _, l := range streams {
			errs = append(errs, l.Close())
		}
		for _, l := range streams {
			l.wait()
		}
		for _, x := range s.shards {
			x.shut()
			x.pump.stop()
		}
		s.turns.Wait()
		s.tunnels.turns.Wait()
		s.relays.sweep(1 << 62)
		for _, x := range s.shards { // what was reserved is closed, and nobody sends any more
			x.pump.closeSockets()
		}
		s.err = errors.Join(errs...)
	})
	return s.err
}
