package impair

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// TCP is a running proxy for streams: every byte is delayed (Delay and Jitter), order is kept. The handshake of
// a new connection costs its round trip too: the client's first bytes leave that much later.
type TCP struct {
	config   Config
	listener net.Listener
	up, down *line
	done     sync.WaitGroup

	mu     sync.Mutex // guards conns and closed
	conns  map[net.Conn]struct{}
	closed bool
}

// ListenTCP starts a proxy. Loss, Duplicate and Reorder are not used.
func ListenTCP(c Config) (*TCP, error) {
	c, err := c.validate()
	if err != nil {
		return nil, err
	}
	c.Up.Loss, c.Up.Duplicate, c.Up.Reorder = 0, 0, 0
	c.Down.Loss, c.Down.Duplicate, c.Down.Reorder = 0, 0, 0
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("impair: %w", err)
	}
	t := &TCP{config: c, listener: l, up: newLine(c.Queue), down: newLine(c.Queue), conns: map[net.Conn]struct{}{}}
	t.done.Go(t.up.run)
	t.done.Go(t.down.run)
	t.done.Go(t.accept)
	return t, nil
}

// Addr is where clients connect to.
func (t *TCP) Addr() netip.AddrPort { return t.listener.Addr().(*net.TCPAddr).AddrPort() }

// Close cuts all connections and waits for the goroutines.
func (t *TCP) Close() error {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil
	}
	t.closed = true
	err := t.listener.Close()
	for c := range t.conns {
		_ = c.Close()
	}
	t.mu.Unlock()
	t.up.close()
	t.down.close()
	t.done.Wait()
	return err
}

func (t *TCP) accept() {
	for flow := uint64(1); ; flow++ {
		client, err := t.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", t.config.Target)
		if err != nil {
			_ = client.Close()
			continue
		}
		t.mu.Lock()
		if t.closed {
			t.mu.Unlock()
			_, _ = client.Close(), server.Close()
			return
		}
		t.conns[client], t.conns[server] = struct{}{}, struct{}{}
		t.mu.Unlock()
		up := NewShaper(t.config.Up, t.config.Seed, 2*flow)
		down := NewShaper(t.config.Down, t.config.Seed, 2*flow+1)
		opened := time.Now().Add(t.config.Up.Delay + t.config.Down.Delay)
		t.done.Go(func() { t.pump(client, server, t.up, up, opened) })
		t.done.Go(func() { t.pump(server, client, t.down, down, opened) })
	}
}

// pump carries one direction; nothing was sent before `opened`. The end of the stream is delayed like the bytes
// before it.
func (t *TCP) pump(from, to net.Conn, l *line, s *Shaper, opened time.Time) {
	leaves := func() time.Time {
		sent := time.Now()
		if sent.Before(opened) {
			sent = opened
		}
		return s.Fate(sent, 0, nil)[0]
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !l.put(leaves(), append([]byte(nil), buf[:n]...), func(b []byte) { _, _ = to.Write(b) }) {
				err = net.ErrClosed
			}
		}
		if err != nil {
			end := func([]byte) { _, _ = from.Close(), to.Close(); t.forget(from, to) }
			if !l.put(leaves(), nil, end) {
				end(nil)
			}
			return
		}
	}
}

func (t *TCP) forget(conns ...net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range conns {
		delete(t.conns, c)
	}
}
