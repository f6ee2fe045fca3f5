package turn_test

import (
	"crypto/tls"
	"net"
	"net/netip"
	"testing"
	"time"

	pion "github.com/pion/turn/v4"

	"passerby/turn"
)

// mustHand shakes hands over TLS as a caller's listener does, and hands the server's end on. It reports whether that was taken.
func mustHand(t *testing.T, s *turn.Server) (client net.Conn, taken bool) {
	t.Helper()
	cert, key := mustCertificate(t, t.TempDir(), "other")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan bool)
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil || c.(*tls.Conn).Handshake() != nil {
			return
		}
		if s.Take(c) {
			done <- true
		} else {
			c.Close()
		}
	}()
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, <-done
}

// A connection that another listener accepted is served as one of the server's own; it counts, and it ends with the server.
func TestTake(t *testing.T) {
	s := mustListen(t, turn.Config{MaxTCP: 2, AllowPeers: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	c, taken := mustHand(t, s)
	if !taken {
		t.Fatal("a connection was not taken")
	}
	relay, err := mustClient(t, pion.NewSTUNConn(c), s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	if err := exchange(relay, mustPeer(t, "127.0.0.1:0"), "hello"); err != nil {
		t.Error(err)
	}
	idle, taken := mustHand(t, s)
	if !taken {
		t.Error("a second one was not taken")
	}
	if _, taken := mustHand(t, s); taken {
		t.Error("more than MaxTCP were taken")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := idle.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := idle.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a connection outlives the server: %v", err)
	}
	if _, taken := mustHand(t, s); taken {
		t.Error("one was taken after Close")
	}
}
