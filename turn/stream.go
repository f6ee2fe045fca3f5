package turn

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	maxFrame     = 1600 - 1         // pion drops longer ones
	firstFrame   = 10 * time.Second // to the first message of a connection
	betweenTwo   = 11 * time.Minute // an allocation is refreshed within 10
	writeTimeout = 5 * time.Second  // a client that does not read for so long is gone
	stunHeader   = 20
	channelBytes = 4
)

var errFrame = errors.New("not a TURN message of acceptable length")

// listener accepts TCP clients, at most max at once, each behind the framing guard.
type listener struct {
	net.Listener
	max      int
	datagram bool // DTLS: each read is a whole datagram

	mu     sync.Mutex // guards the rest
	open   map[*stream]struct{}
	closed bool
	gone   sync.WaitGroup // one for each open stream
}

func newListener(l net.Listener, most int) *listener {
	return &listener{Listener: l, max: most, open: make(map[*stream]struct{})}
}

// Accept waits for the next client; transient failures are waited out.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		if err != nil { // out of descriptors, or a client gone before it was accepted
			time.Sleep(50 * time.Millisecond)
			continue
		}
		if s := l.admit(c); s != nil {
			return s, nil
		}
		c.Close()
	}
}

func (l *listener) admit(c net.Conn) *stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= l.max {
		return nil
	}
	s := &stream{Conn: c, all: l}
	l.open[s] = struct{}{}
	l.gone.Add(1)
	return s
}

// Close closes the listener and every connection. wait tells when they are gone.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for s := range l.open {
		s.Conn.Close()
	}
	return err
}

func (l *listener) wait() { l.gone.Wait() }

// stream is a TCP client. Read returns exactly one whole STUN or ChannelData
// message (RFC 8656, section 3.7; padding included) and ends the connection
// at the first byte that cannot be one: pion's own framing trusts lengths.
type stream struct {
	net.Conn
	all    *listener
	spoken bool
	once   sync.Once
}

func (s *stream) Read(b []byte) (int, error) {
	patience := firstFrame
	if s.spoken {
		patience = betweenTwo
	}
	if err := s.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	if len(b) < maxFrame {
		return 0, io.ErrShortBuffer
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

// frameLength tells the whole length of a message from its first four bytes.
func frameLength(head []byte) (int, error) {
	kind, length := binary.BigEndian.Uint16(head), int(binary.BigEndian.Uint16(head[2:]))
	n := 0
	switch {
	case kind < 0x4000 && length%4 == 0: // STUN
		n = stunHeader + length
	case kind >= 0x4000 && kind < 0x8000: // ChannelData, padded on streams
		n = channelBytes + (length+3)&^3
	}
	if n == 0 || n > maxFrame {
		return 0, errFrame
	}
	return n, nil
}

func (s *stream) Write(b []byte) (int, error) {
	if err := s.Conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	n, err := s.Conn.Write(b)
	if err != nil {
		s.Conn.Close() // half a message on a stream: nothing after it makes sense
	}
	return n, err
}

func (s *stream) Close() error {
	err := s.Conn.Close()
	s.once.Do(func() {
		s.all.mu.Lock()
		delete(s.all.open, s)
		s.all.mu.Unlock()
		s.all.gone.Done()
	})
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
