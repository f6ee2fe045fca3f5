package sfu_test

import (
	"encoding/binary"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/pion/stun/v3"

	"passerby/sfu"
)

// TestCloseDoesNotWaitForTCP closes a server to which strangers have TCP
// connections: silent ones, and ones whose first packet arrives meanwhile.
func TestCloseDoesNotWaitForTCP(t *testing.T) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("nobody:here"))
	if err != nil {
		t.Fatal(err)
	}
	binding := append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...)
	for range 50 {
		s, err := sfu.Listen(sfu.Config{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 8 {
			c, err := net.Dial("tcp", s.TCPAddr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			if i > 0 { // the first stays silent
				if _, err := c.Write(binding); err != nil {
					t.Fatal(err)
				}
			}
		}
		closed := make(chan error, 1)
		go func() { closed <- s.Close() }()
		select {
		case <-closed:
		case <-time.After(10 * time.Second):
			t.Fatal("Close waits for strangers' TCP connections")
		}
	}
}

// closedAt reports whether the server closes the connection before wait is over.
func closedAt(t *testing.T, c net.Conn, wait time.Duration) bool {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(wait))
	_, err := c.Read(make([]byte, 1))
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func mustDial(t *testing.T, s *sfu.Server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.TCPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Of the connections of one address, and of all, only so many stay; one that goes makes room; a client with a place is served.
func TestTCPConnectionsAreBounded(t *testing.T) {
	for name, change := range map[string]func(*sfu.Config){
		"each": func(c *sfu.Config) { c.MaxTCPPerAddress = 3 },
		"all":  func(c *sfu.Config) { c.MaxTCP = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			s, events := mustListen(t, func(c *sfu.Config) { c.TCP = "127.0.0.1:0"; change(c) })
			good := mustJoin(t, s, events, "good", clientOptions{textOnly: true, tcpOnly: true})
			var open []net.Conn
			for range 8 {
				open = append(open, mustDial(t, s))
			}
			kept := 0
			for _, c := range open {
				if !closedAt(t, c, 200*time.Millisecond) {
					kept++
				}
			}
			if kept != 2 {
				t.Errorf("%d connections stayed beside the good one, want 2", kept)
			}
			if err := good.dc.SendText("here"); err != nil {
				t.Fatal(err)
			}
			events.await(t, "data good here", 1)
			for _, c := range open {
				_ = c.Close()
			}
			eventually(t, "room for another", func() bool { return !closedAt(t, mustDial(t, s), 50*time.Millisecond) })
		})
	}
}

// A connection that says nothing, or something else, or names nobody's ufrag, is closed in time.
func TestTCPWithoutCheckIsClosed(t *testing.T) {
	s, _ := mustListen(t, func(c *sfu.Config) { c.TCP, c.FirstCheck = "127.0.0.1:0", 300*time.Millisecond })
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("nobody:here"))
	if err != nil {
		t.Fatal(err)
	}
	for name, first := range map[string]string{
		"silent": "", "a byte": "\x00", "not STUN": "\x00\x05hello", "long": "\xff\xff" + string(make([]byte, 3000)),
		"nobody": string(append(binary.BigEndian.AppendUint16(nil, uint16(len(m.Raw))), m.Raw...)),
	} {
		t.Run(name, func(t *testing.T) {
			c := mustDial(t, s)
			if _, err := c.Write([]byte(first)); err != nil {
				t.Fatal(err)
			}
			if !closedAt(t, c, patience) {
				t.Error("the connection stays")
			}
		})
	}
}
