package turn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
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
	next     atomic.Uint32  // shard of the next stream
	relays   *relays
	tickets  *tickets // nil when nobody may move
	ledger   *ledger
	others   *alternates
	limits   *bandwidth // nil without limits
	refused  refusals
	failed   refusals
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
	s.relays = newRelays(cfg, &s.refused)
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
	s.streams = []*listener{newListener(tcp, s)}
	if s.cfg.TLSListen != "" {
		secure, datagram, err := listenSecure(s.cfg)
		if err != nil {
			s.closePumps()
			return fmt.Errorf("turn: listen on %s: %w", s.cfg.TLSListen, errors.Join(err, tcp.Close()))
		}
		s.streams = append(s.streams, newListener(secure, s), newListener(datagram, s))
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
	st := Stats{Refused: s.refused.snapshot(), Failed: s.failed.snapshot()}
	st.Allocations, st.Users = s.ledger.count()
	for _, x := range s.shards {
		x.mu.Lock()
		c := x.count
		x.mu.Unlock()
		st.ToClients += c.toClients
		st.ToClientBytes += c.toClientBytes
		st.ToPeers += c.toPeers
		st.ToPeerBytes += c.toPeerBytes
		st.Hairpin += c.hairpin
		st.Dropped += c.dropped
		st.Challenges += c.challenges
		st.Unanswered += c.unanswered
		st.Moved += c.moved
		st.OverAllocation += c.limited[limitAllocation]
		st.OverUser += c.limited[limitUser]
		st.OverServer += c.limited[limitServer]
		st.Redirected += c.redirected
	}
	return st
}

// Close ends every connection and allocation. It may be called more than once.
func (s *Server) Close() error {
	s.close.Do(func() {
		var errs []error
		for _, l := range s.streams {
			errs = append(errs, l.Close())
		}
		for _, l := range s.streams {
			l.wait()
		}
		for _, x := range s.shards {
			x.shut()
			x.pump.stop()
		}
		s.turns.Wait()
		s.relays.sweep(1 << 62)
		for _, x := range s.shards { // what was reserved is closed, and nobody sends any more
			x.pump.closeSockets()
		}
		s.err = errors.Join(errs...)
	})
	return s.err
}
