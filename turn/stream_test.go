package turn_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// A first message that cannot be one ends the connection at once; the two
// lengths near 64 KiB wrap around in a parser that adds in 16 bits.
func TestStreamRefusesNonsense(t *testing.T) {
	s := mustListen(t, turn.Config{})
	for name, head := range map[string][]byte{
		"HTTP":                       []byte("GET / HTTP/1.1\r\n\r\n"),
		"TLS":                        {0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03},
		"STUN of 65516 bytes":        {0x00, 0x01, 0xff, 0xec, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"ChannelData of 65532 bytes": {0x40, 0x00, 0xff, 0xfc, 1, 2, 3, 4, 5, 6, 7, 8},
		"STUN of an odd length":      {0x00, 0x01, 0x00, 0x03, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", s.TCPAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write(head); err != nil {
				t.Fatal(err)
			}
			if err := c.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, c); n != 0 || err != nil && isTimeout(err) {
				t.Errorf("the connection is still open: read %d, %v", n, err)
			}
		})
	}
	if relay, err := mustDial(t, "tcp", s, good("ada")).Allocate(); err != nil {
		t.Errorf("the next client: %v", err)
	} else {
		relay.Close()
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

func TestMaxTCP(t *testing.T) {
	for name, cfg := range map[string]turn.Config{"in all": {MaxTCP: 1}, "of an address": {MaxPerAddress: 1}} {
		t.Run(name, func(t *testing.T) {
			s := mustListen(t, cfg)
			first := mustDial(t, "tcp", s, good("ada"))
			relay, err := first.Allocate()
			if err != nil {
				t.Fatal(err)
			}
			if !refused(t, s) {
				t.Error("a second connection stays open")
			}
			relay.Close()
			first.conn.Close()
			await(t, "a place is free", func() bool { return !refused(t, s) })
		})
	}
}

// refused reports whether a new connection is closed at once, rather than answered.
func refused(t *testing.T, s *turn.Server) bool {
	t.Helper()
	c, err := net.Dial("tcp", s.TCPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw)
	if err := c.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = c.Read(make([]byte, 100))
	if isTimeout(err) {
		t.Fatal("neither closed nor answered")
	}
	return err != nil
}

// Close ends what is going on, and leaves no goroutine (TestMain looks).
func TestCloseWithClients(t *testing.T) {
	s, err := turn.Listen(turn.Config{Listen: "127.0.0.1:0", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"udp", "tcp"} {
		relay, err := mustDial(t, network, s, good("ada")).Allocate()
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close() // the client's timers
	}
	idle, err := net.Dial("tcp", s.TCPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := idle.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a connection outlives the server: %v", err)
	}
	await(t, "no allocation", func() bool { return s.Stats().Allocations == 0 })
}

// Whatever the first four bytes are: a length that the buffer holds, or an error.
func FuzzFrameLength(f *testing.F) {
	f.Add([]byte{0, 1, 0, 0})
	f.Add([]byte{0x40, 0, 0xff, 0xfc})
	f.Add([]byte{0x7f, 0xff, 0, 1})
	f.Add([]byte{0, 1, 0xff, 0xec})
	f.Fuzz(func(t *testing.T, head []byte) {
		if len(head) != 4 {
			return
		}
		n, err := turn.FrameLength(head)
		if err != nil {
			return
		}
		if length := int(binary.BigEndian.Uint16(head[2:])); n < 4 || n > turn.MaxFrame || n < length {
			t.Fatalf("%x: %d", head, n)
		}
	})
}
