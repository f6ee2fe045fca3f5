package turn_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"golang.org/x/sys/unix"

	"passerby/turn"
)

// mustIgnore is a TCP port whose queue is full: who connects gets no answer.
func mustIgnore(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(sa.(*unix.SockaddrInet4).Port))
	for range 5 {
		c, err := net.DialTimeout("tcp", at.String(), 100*time.Millisecond)
		if err != nil {
			return at
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("the queue does not fill")
	return at
}

// While a connection is under way the control connection serves on, the same cannot be asked for again, and the end of the allocation ends it.
func TestConnectIsUnderWay(t *testing.T) {
	silent := mustIgnore(t)
	s := mustListen(t, turn.Config{TCPRelay: true, AllowPeerAddrs: []netip.AddrPort{silent}})
	c := mustRawOver(t, "tcp", s, good("ada"))
	c.must(stun.MethodAllocate, tcp)
	first := c.request(stun.MethodConnect, peerAddress(silent))
	if _, err := c.conn.Write(first); err != nil {
		t.Fatal(err)
	}
	if got := code(c.ask(stun.MethodConnect, peerAddress(silent))); got != 446 {
		t.Errorf("the same again: %d, want 446", got)
	}
	if n := s.Stats().Tunnels; n != 1 {
		t.Errorf("%d tunnels, want 1", n)
	}
	if _, err := c.conn.Write(c.request(stun.MethodRefresh, lifetime(0))); err != nil {
		t.Fatal(err)
	}
	var m *stun.Message
	for range 2 { // the two answers come in any order
		buf := make([]byte, 2000)
		n, err := c.conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		if got := (&stun.Message{Raw: buf[:n]}); got.Decode() == nil && string(got.TransactionID[:]) == string(first[8:20]) {
			m = got
		}
	}
	if m == nil || code(m) != 447 {
		t.Fatalf("%v, want 447", m)
	}
	if err := stun.NewLongTermIntegrity(c.who.username, "passerby", c.who.password).Check(m); err != nil {
		t.Errorf("the answer is not signed: %v", err)
	}
	if n := s.Stats().Tunnels; n != 0 {
		t.Errorf("%d tunnels, want 0", n)
	}
}
