package turn

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	maxFrame     = maxDatagram - 1  // the longest message on a stream
	firstFrame   = 10 * time.Second // to the first message of a connection
	betweenTwo   = 11 * time.Minute // an allocation is refreshed within 10
	writeTimeout = 5 * time.Second  // a client that does not read for so long is gone
	writeAtOnce  = 16 << 10         // bytes that it has this long for
)

var errFrame = errors.New("not a TURN message of acceptable length")

// listener accepts TCP, TLS or DTLS clients, so many at once, and so many from one address.
type listener struct {
	net.Listener
	server    *Server
	transport Transport
	datagram  bool // DTLS: each read is a whole datagram
	apart     bool // TLS and DTLS: each message in a record of its own, since clients, coturn's among them, take a record for a message

	mu     sync.Mutex // guards the rest
	open   map[*stream]struct{}
	homes  map[netip.Addr]int // connections by where they come from
	closed bool
	turns  sync.WaitGroup // the accepting goroutine, and two for each open stream
}

func newListener(l net.Listener, s *Server) *listener {
	return &listener{Listener: l, server: s, open: make(map[*stream]struct{}), homes: make(map[netip.Addr]int)}
}

// run accepts clients until Close; transient failures are waited out.
func (l *listener) run() {
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of descriptors, or a client gone before it was accepted
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if !l.admit(c) {
			_ = c.Close()
		}
	}
}

func (l *listener) admit(c net.Conn) bool {
	at := remote(c)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= l.server.cfg.MaxTCP || l.homes[home(at.Addr())] >= l.server.cfg.MaxPerAddress {
		return false
	}
	l.homes[home(at.Addr())]++
	s := &stream{Conn: c, all: l, shard: l.server.nextShard(), at: at, quiet: make(chan struct{})}
	s.out.ready.L = &s.out.mu
	l.open[s] = struct{}{}
	l.turns.Go(s.serve)
	l.turns.Go(s.write)
	return true
}

func (l *listener) leave(s *stream) {
	at := home(s.at.Addr())
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, s)
	if l.homes[at]--; l.homes[at] == 0 {
		delete(l.homes, at)
	}
}

// Take serves a client on a TCP connection that the caller accepted, and whose TLS handshake, if it has one, is done. It reports false, and
// leaves the connection to the caller, when there is no room, by Config.MaxTCP and MaxPerAddress, or after Close.
func (s *Server) Take(c net.Conn) bool { return s.taken.admit(c) }

// remote is the address of a client.
func remote(c net.Conn) netip.AddrPort {
	var at netip.AddrPort
	switch a := c.RemoteAddr().(type) {
	case *net.TCPAddr:
		at = a.AddrPort()
	case *net.UDPAddr:
		at = a.AddrPort()
	}
	return netip.AddrPortFrom(plain(at.Addr()), at.Port())
}

// Close closes the listener, if it has one, and every connection. wait tells when they are gone.
func (l *listener) Close() (err error) {
	if l.Listener != nil {
		err = l.Listener.Close()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for s := range l.open {
		_ = s.Conn.Close()
	}
	return err
}

// count is how many connections are open.
func (l *listener) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

func (l *listener) wait() { l.turns.Wait() }

// stream is a client on a connection. Its messages are served by a shard, as those of UDP clients; what that has for it waits in out.
type stream struct {
	net.Conn
	all    *listener
	shard  *shard
	at     netip.AddrPort
	held   *allocation // guarded by the shard's lock
	bound  *end        // of the tunnel that this connection has become a part of
	spoken bool
	out    outbox
	quiet  chan struct{} // closed when out is no longer written
}

// serve reads until the connection ends, which ends the allocation of a client that cannot move.
func (s *stream) serve() {
	slot := newSlot()
	from := sender{at: s.at, stream: s}
	for err := s.shake(); err == nil; {
		var n int
		n, err = s.read(slot[headroom : headroom+maxFrame])
		if err != nil {
			break
		}
		s.shard.lock()
		s.shard.handle(slot, headroom, n, from)
		s.shard.pump.flush()
		s.shard.mu.Unlock()
		if s.bound != nil {
			s.out.finish()
			<-s.quiet
			s.all.server.tunnels.run(s.bound, s.Conn)
			break
		}
	}
	_ = s.Conn.Close()
	s.out.close()
	s.shard.lock()
	if s.held != nil && s.held.mobile == nil { // else its client may come again, until its time is over
		s.shard.end(s.held)
	}
	s.shard.mu.Unlock()
	s.all.leave(s)
}

// shake ends the handshake of TLS and DTLS, of which the latter's heeds no deadline of reads.
func (s *stream) shake() error {
	c, ok := s.Conn.(interface{ HandshakeContext(context.Context) error })
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), firstFrame)
	defer cancel()
	return c.HandshakeContext(ctx)
}

// read returns exactly one whole STUN or ChannelData message (RFC 8656, section 3.7; padding included); at the first byte that cannot be one the
// connection is over.
func (s *stream) read(b []byte) (int, error) {
	patience := firstFrame
	if s.spoken {
		patience = betweenTwo
	}
	if err := s.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if s.all.datagram {
		return s.readDatagram(b)
	}
	if _, err := io.ReadFull(s.Conn, b[:channelBytes]); err != nil {
		return 0, err
	}
	n, err := frameLength(b[:channelBytes])
	if err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(s.Conn, b[channelBytes:n]); err != nil {
		return 0, err
	}
	s.spoken = true
	return n, nil
}

// readDatagram reads a message that came as one datagram, where ChannelData need not be padded, and pads it.
func (s *stream) readDatagram(b []byte) (int, error) {
	for {
		n, err := s.Conn.Read(b)
		if err != nil {
			return 0, err
		}
		if n < channelBytes {
			continue
		}
		whole, err := frameLength(b[:channelBytes])
		if err != nil || n < whole && (b[0] < 0x40 || n < channelBytes+int(binary.BigEndian.Uint16(b[2:]))) {
			continue // a datagram of nonsense says nothing about the next
		}
		if n < whole {
			clear(b[n:whole])
		}
		s.spoken = true
		return whole, nil
	}
}

// frameLength tells the whole length of a client's message from its first four bytes.
func frameLength(head []byte) (int, error) {
	if n := wholeLength(head); n > 0 && n <= maxFrame {
		return n, nil
	}
	return 0, errFrame
}

// wholeLength is that of any message, 0 of what is none.
func wholeLength(head []byte) int {
	kind, length := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:]))
	switch {
	case kind < 0x4000 && length%4 == 0: // STUN
		return stunHeader + length
	case kind >= 0x4000 && kind < 0x8000: // ChannelData, padded on streams
		return channelBytes + (length+3)&^3
	}
	return 0
}

// write sends what waits in out until the connection ends.
func (s *stream) write() {
	defer close(s.quiet)
	var all []byte
	for {
		var more bool
		if all, more = s.out.take(all); !more {
			return
		}
		for b := all; len(b) > 0; {
			n := min(len(b), writeAtOnce)
			if s.all.apart {
				n = wholeLength(b) // of ours, and so never 0; those to clients may be longer than theirs
			}
			_ = s.Conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := s.Conn.Write(b[:n]); err != nil {
				_ = s.Conn.Close() // half a message: nothing after it makes sense
				s.out.close()
				return
			}
			b = b[n:]
		}
	}
}
