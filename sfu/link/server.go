package link

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"passerby/internal/batch"
)

// Server holds the links of one node. Make one with Listen.
type Server struct {
	cfg   Config
	log   *slog.Logger
	conn  *net.UDPConn
	batch *batch.Conn
	addr  netip.AddrPort

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup

	table atomic.Pointer[map[netip.AddrPort]far] // never changed in place

	mu        sync.Mutex // guards what follows, and changes of table
	links     map[string]*Link
	dialers   map[string]dialer
	announced map[netip.AddrPort]bool // addresses of nodes, as far as they are told by number
	strangers int                     // handshakes that were begun from other addresses
	closed    bool

	stats serverCounts
}

// far is what is known of a remote address: a handshake that is under way, a link, or both.
type far struct {
	shake *pipe
	link  *Link
}

// ErrListen says that the socket could not be opened.
var ErrListen = errors.New("link: listen")

// Listen opens the socket and serves until Close. It knows of no other node yet.
func Listen(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	addr, err := net.ResolveUDPAddr("udp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("%w: address: %w", ErrListen, err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	// Smaller buffers are what the system allows; not an error.
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	s := &Server{cfg: cfg, log: cfg.Logger, conn: conn, links: map[string]*Link{}, dialers: map[string]dialer{}}
	s.table.Store(&map[netip.AddrPort]far{})
	bound := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	s.addr = netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port())
	if s.batch, err = batch.Wrap(conn); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("link: socket: %w", err)
	}
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(metrics{s}); err != nil {
			_ = conn.Close()
			return nil, fmt.Errorf("link: metrics: %w", err)
		}
	}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.work.Go(s.read)
	return s, nil
}

// Addr is what the socket is bound to.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close ends all links, tells the other ends, and waits.
func (s *Server) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.work.Wait()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	for _, f := range *s.table.Load() {
		if f.link != nil {
			f.link.end("closing")
		}
	}
	err := s.conn.Close()
	s.work.Wait()
	if s.cfg.Registerer != nil {
		s.cfg.Registerer.Unregister(metrics{s})
	}
	return err
}

// read takes datagrams until the socket closes.
func (s *Server) read() {
	r := batch.NewReader(64, 0, 1500)
	for {
		n, err := s.batch.ReadBatch(r)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		now := time.Now()
		for i := range n {
			b, from := r.Datagram(i)
			s.datagram(b, from, now)
		}
	}
}

// datagram finds whose a datagram is. A panic ends with it.
func (s *Server) datagram(b []byte, from netip.AddrPort, now time.Time) {
	defer func() {
		if r := recover(); r != nil {
			s.stats.panics.Add(1)
			s.log.Error("panic on a datagram of a link", "panic", r)
		}
	}()
	if len(b) == 0 {
		return
	}
	f := (*s.table.Load())[from]
	switch {
	case b[0] == sealed && f.link != nil:
		f.link.receive(b, now)
	case !isRecord(b):
		s.stats.foreign.Add(1)
	case f.shake != nil:
		s.shaking(f.shake, b, from)
	case isClientHello(b):
		s.accept(b, from)
	case f.link != nil && (!plain(b) || !f.link.up.Load()): // our last flight was lost, or it closes
		f.link.pipe.put(b)
	default:
		s.stats.foreign.Add(1)
	}
}

// shaking takes a record while a handshake is under way. Another client's first hello begins anew, unless who began has
// proven to be there: the one under way may be a forged hello, in whose handshake the node's own would get stuck.
func (s *Server) shaking(p *pipe, b []byte, from netip.AddrPort) {
	switch {
	case p.dialed && isClientHello(b):
	case p.dialed || p.note(b):
		p.put(b)
	case !p.heard.Load():
		s.accept(b, from)
	}
}

// change replaces what is known of an address. The caller holds mu.
func (s *Server) change(addr netip.AddrPort, to func(*far)) {
	table := maps.Clone(*s.table.Load())
	f := table[addr]
	to(&f)
	if table[addr] = f; f == (far{}) {
		delete(table, addr)
	}
	s.table.Store(&table)
}

// begin makes the pipe of a handshake; nil when this node dials the address already, or there are too many. It takes the
// place of what was accepted: that may be a forged hello, which would keep the node away for as long as somebody repeats it.
func (s *Server) begin(addr netip.AddrPort, dialed bool, random []byte) *pipe {
	s.mu.Lock()
	defer s.mu.Unlock()
	stranger := !dialed && !s.announced[addr]
	old := (*s.table.Load())[addr].shake
	if s.closed || old != nil && old.dialed || stranger && s.strangers >= maxStrangers {
		return nil
	}
	if stranger {
		s.strangers++
	}
	p := newPipe(s, addr, dialed)
	p.random = random
	p.stranger = stranger
	s.change(addr, func(f *far) { f.shake = p })
	if old != nil {
		_ = old.Close()
	}
	return p
}

// finish ends a handshake; l is what came of it, or nil.
func (s *Server) finish(p *pipe, l *Link) {
	s.mu.Lock()
	if p.stranger {
		s.strangers--
	}
	var old *Link
	over := s.closed
	s.change(p.remote, func(f *far) {
		if f.shake == p {
			f.shake = nil
		}
		if l != nil && !over {
			old, f.link = f.link, l
		}
	})
	s.mu.Unlock()
	switch {
	case l == nil:
		_ = p.Close()
		return
	case over:
		l.end("closing")
		return
	}
	if old != nil {
		old.end("replaced")
	}
	s.work.Go(l.write)
	s.work.Go(l.drain)
	if p.dialed { // the other end has proven itself with the last flight
		s.raise(l)
	}
	s.work.Go(l.beat)
}

// raise makes a link that of its node, once, and tells the handler; false when it is over.
func (s *Server) raise(l *Link) bool {
	s.mu.Lock()
	if s.closed || l.over() {
		s.mu.Unlock()
		return false
	}
	old := s.links[l.node]
	s.links[l.node] = l
	s.mu.Unlock()
	if old != nil {
		old.end("replaced")
	}
	s.log.Info("link up", "to", l.node)
	l.take = s.cfg.Handler.Up(l)
	l.up.Store(true)
	if l.over() { // meanwhile
		l.tell()
	}
	return true
}

// lower forgets a link that is over.
func (s *Server) lower(l *Link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.links[l.node] == l {
		delete(s.links, l.node)
	}
	s.change(l.remote(), func(f *far) {
		if f.link == l {
			f.link = nil
		}
	})
}

// accept answers a node that dials.
func (s *Server) accept(hello []byte, from netip.AddrPort) {
	random, _, _, _ := parseHello(hello)
	p := s.begin(from, false, bytes.Clone(random))
	if p == nil {
		s.stats.foreign.Add(1)
		return
	}
	p.put(hello)
	s.work.Go(func() {
		l, err := s.shake(s.ctx, p, "")
		if err != nil {
			s.stats.failed.Add(1)
			s.log.Debug("link not accepted", "error", err)
		}
		s.finish(p, l)
	})
}
