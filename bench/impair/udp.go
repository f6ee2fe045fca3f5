package impair

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Config of a proxy.
type Config struct {
	// Listen is where clients send; Target is the server.
	Listen, Target string
	// Up is the way from the clients to the server, Down the way back.
	Up, Down Profile
	// Seed of all decisions; flows are numbered in the order in which they appear.
	Seed uint64
	// Queue is how many packets may be on the way in each direction; zero means 65536.
	Queue int
}

func (c Config) validate() (Config, error) {
	if c.Queue == 0 {
		c.Queue = 65536
	}
	if err := errors.Join(c.Up.Validate(), c.Down.Validate()); err != nil {
		return c, fmt.Errorf("impair: %w", err)
	}
	return c, nil
}

// Stats counts packets of both directions.
type Stats struct {
	Flows                            uint64
	Received, Sent, Lost, Overflowed uint64
}

// UDP is a running proxy for datagrams.
type UDP struct {
	config   Config
	target   *net.UDPAddr
	conn     *net.UDPConn
	up, down *line
	done     sync.WaitGroup

	mu     sync.Mutex // guards flows and closed
	flows  map[netip.AddrPort]*flow
	closed bool

	received, sent, lost, overflowed, count atomic.Uint64
}

// A flow is one client and its own socket towards the server.
type flow struct {
	client netip.AddrPort
	server *net.UDPConn
	up     *Shaper // used by the goroutine that reads from clients
}

// ListenUDP starts a proxy.
func ListenUDP(c Config) (*UDP, error) {
	c, err := c.validate()
	if err != nil {
		return nil, err
	}
	local, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("impair: listen address: %w", err)
	}
	target, err := net.ResolveUDPAddr("udp", c.Target)
	if err != nil {
		return nil, fmt.Errorf("impair: target address: %w", err)
	}
	conn, err := net.ListenUDP("udp", local)
	if err != nil {
		return nil, fmt.Errorf("impair: %w", err)
	}
	_ = conn.SetReadBuffer(4 << 20)
	u := &UDP{config: c, target: target, conn: conn, up: newLine(c.Queue), down: newLine(c.Queue), flows: map[netip.AddrPort]*flow{}}
	u.done.Go(u.up.run)
	u.done.Go(u.down.run)
	u.done.Go(u.readClients)
	return u, nil
}

// Addr is where clients send to.
func (u *UDP) Addr() netip.AddrPort { return u.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Stats of all flows so far.
func (u *UDP) Stats() Stats {
	return Stats{
		Flows: u.count.Load(), Received: u.received.Load(), Sent: u.sent.Load(),
		Lost: u.lost.Load(), Overflowed: u.overflowed.Load(),
	}
}

// Close stops the proxy and waits for its goroutines.
func (u *UDP) Close() error {
	u.mu.Lock()
	if u.closed {
		u.mu.Unlock()
		return nil
	}
	u.closed = true
	err := u.conn.Close()
	for _, f := range u.flows {
		_ = f.server.Close()
	}
	u.mu.Unlock()
	u.up.close()
	u.down.close()
	u.done.Wait()
	return err
}

func (u *UDP) readClients() {
	buf := make([]byte, 65535)
	for {
		n, from, err := u.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // an ICMP answer to an earlier packet
		}
		f := u.flow(from)
		if f == nil {
			return
		}
		u.pass(u.up, f.up, buf[:n], func(b []byte) { _, _ = f.server.Write(b) })
	}
}

// flow finds or makes the flow of a client; nil when the proxy is closed.
func (u *UDP) flow(from netip.AddrPort) *flow {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f := u.flows[from]; f != nil {
		return f
	}
	if u.closed {
		return nil
	}
	server, err := net.DialUDP("udp", nil, u.target)
	if err != nil {
		return nil
	}
	_ = server.SetReadBuffer(1 << 20)
	number := u.count.Add(1)
	f := &flow{client: from, server: server, up: NewShaper(u.config.Up, u.config.Seed, 2*number)}
	u.flows[from] = f
	down := NewShaper(u.config.Down, u.config.Seed, 2*number+1)
	u.done.Go(func() { u.readServer(f, down) })
	return f
}

func (u *UDP) readServer(f *flow, shaper *Shaper) {
	buf := make([]byte, 65535)
	for {
		n, err := f.server.Read(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue // the server's port is closed for now
		}
		u.pass(u.down, shaper, buf[:n], func(b []byte) { _, _ = u.conn.WriteToUDPAddrPort(b, f.client) })
	}
}

func (u *UDP) pass(l *line, s *Shaper, packet []byte, send func([]byte)) {
	u.received.Add(1)
	var room [2]time.Time
	times := s.Fate(time.Now(), len(packet), room[:0])
	if len(times) == 0 {
		u.lost.Add(1)
		return
	}
	data := append([]byte(nil), packet...)
	for _, t := range times {
		if l.put(t, data, send) {
			u.sent.Add(1)
		} else {
			u.overflowed.Add(1)
		}
	}
}
