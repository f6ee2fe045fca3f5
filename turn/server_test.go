package turn_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	pion "github.com/pion/turn/v4"

	"passerby/turn"
)

const secret = "a secret of these tests"

// mustListen starts a server on loopback that is closed with the test.
func mustListen(t testing.TB, cfg turn.Config) *turn.Server {
	t.Helper()
	cfg.Listen, cfg.Secret = "127.0.0.1:0", secret
	s, err := turn.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// credentials are what a client logs in with.
type credentials struct{ username, password string }

func good(name string) credentials {
	u, p := turn.Credentials(secret, name, time.Minute, time.Now())
	return credentials{u, p}
}

// client is a pion TURN client on its own socket.
type client struct {
	*pion.Client
	conn net.PacketConn
}

// mustDial connects a client to the server over "udp" or "tcp".
func mustDial(t testing.TB, network string, s *turn.Server, c credentials) client {
	t.Helper()
	var conn net.PacketConn
	if network == "tcp" {
		tcp, err := net.Dial("tcp", s.TCPAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn = pion.NewSTUNConn(tcp)
	} else {
		var err error
		if conn, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	return mustClient(t, conn, s, c)
}

// mustClient is a client on a socket, or on a connection in pion.NewSTUNConn. Both are closed with the test.
func mustClient(t testing.TB, conn net.PacketConn, s *turn.Server, c credentials) client {
	t.Helper()
	x, err := pion.NewClient(&pion.ClientConfig{
		TURNServerAddr: s.UDPAddr().String(), Conn: conn, Username: c.username, Password: c.password, Realm: "passerby",
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: nil, DefaultLogLevel: logging.LogLevelDisabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		x.Close()
		conn.Close()
	})
	return client{x, conn}
}

// mustPeer is a peer whose answers can be told from what was sent to it.
func mustPeer(t testing.TB, addr string) netip.AddrPort {
	t.Helper()
	return mustEcho(t, addr, "echo ")
}

// mustEcho is a UDP socket that sends back what it gets, after a mark.
func mustEcho(t testing.TB, addr, mark string) netip.AddrPort {
	t.Helper()
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { c.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			if _, err := c.WriteTo(append([]byte(mark), buf[:n]...), from); err != nil {
				return
			}
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).AddrPort()
}

// exchange sends through the relay until the echo comes back.
func exchange(relay net.PacketConn, peer netip.AddrPort, text string) error {
	buf := make([]byte, 2048)
	for try := range 5 {
		if _, err := relay.WriteTo([]byte(text), net.UDPAddrFromAddrPort(peer)); err != nil {
			return err
		}
		if err := relay.SetReadDeadline(time.Now().Add(time.Duration(try+1) * 300 * time.Millisecond)); err != nil {
			return err
		}
		n, from, err := relay.ReadFrom(buf)
		if err != nil {
			continue
		}
		if got := string(buf[:n]); got != "echo "+text || from.String() != peer.String() {
			return fmt.Errorf("got %q from %v", got, from)
		}
		return nil
	}
	return errors.New("no answer")
}

// A client behind a strict network reaches the media server, wherever on this
// machine it listens, over UDP and over TCP.
func TestRelay(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		for _, where := range []string{"127.0.0.1:0", "own:0"} {
			t.Run(network+" to "+where, func(t *testing.T) {
				peer := mustPeer(t, strings.Replace(where, "own", ownIP(t), 1))
				s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
				c := mustDial(t, network, s, good("ada"))
				relay, err := c.Allocate()
				if err != nil {
					t.Fatal(err)
				}
				defer relay.Close()
				for i := range 20 { // the first by indications, later ones by a channel
					if err := exchange(relay, peer, fmt.Sprint("packet ", i)); err != nil {
						t.Fatalf("packet %d: %v", i, err)
					}
				}
				if st := s.Stats(); st.Allocations != 1 || st.Users != 1 {
					t.Errorf("one allocation alive, stats say %+v", st)
				}
			})
		}
	}
}

// ownIP is an address of this machine that is not loopback, if it has one.
func ownIP(t testing.TB) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// mustRelay allocates a relay over UDP, which ends with the test.
func mustRelay(t testing.TB, s *turn.Server) net.PacketConn {
	t.Helper()
	relay, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relay.Close() })
	return relay
}
