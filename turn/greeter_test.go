package turn_test

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	pion "github.com/pion/turn/v4"

	"passerby/turn"
)

// mustListenDTLS starts a server that listens on DTLS, too.
func mustListenDTLS(t *testing.T, cfg turn.Config) *turn.Server {
	t.Helper()
	cfg.TLSListen = "127.0.0.1:0"
	cfg.TLSCert, cfg.TLSKey = mustCertificate(t, t.TempDir(), "first")
	return mustListen(t, cfg)
}

// mustHello is a first hello, as a client of DTLS says it.
func mustHello(t *testing.T) []byte {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	client, err := dtls.DialWithOptions("udp4", c.LocalAddr().(*net.UDPAddr), dtls.WithInsecureSkipVerify(true))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = client.Handshake()
	}()
	b := make([]byte, 2000)
	n, err := c.Read(b)
	client.Close()
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

// say sends one datagram from an address to the DTLS port, and does not listen.
func say(t *testing.T, s *turn.Server, from string, b []byte) {
	t.Helper()
	c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(from)}, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.TLSAddr().String())))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// allocatesByDTLS makes an allocation from a socket that may have been used before.
func allocatesByDTLS(t *testing.T, s *turn.Server, socket net.PacketConn) {
	t.Helper()
	to := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.TLSAddr().String()))
	conn, err := dtls.ClientWithOptions(socket, to, dtls.WithInsecureSkipVerify(true))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	who := good("ada")
	c, err := pion.NewClient(&pion.ClientConfig{TURNServerAddr: to.String(), Conn: pion.NewSTUNConn(conn), Username: who.username, Password: who.password, Realm: "passerby"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relay, err := c.Allocate()
	if err != nil {
		t.Fatalf("by DTLS: %v", err)
	}
	if err := relay.Close(); err != nil {
		t.Error(err)
	}
}

func mustSocket(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Hellos from forged addresses are many and cost little: they take no client's place, and their handshakes are few.
func TestForgedHellos(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs all of 127.0.0.0/8")
	}
	s := mustListenDTLS(t, turn.Config{MaxTCP: 400, MaxPerAddress: 80})
	const most, ofHome = 400 / 4, 80 / 8
	hello := mustHello(t)
	flood := func() {
		for range most / 4 {
			say(t, s, "127.0.0.1", hello)
			say(t, s, "127.1.1."+strconv.Itoa(1+rand.IntN(250)), hello)
		}
	}
	await(t, "as many strangers as there may be", func() bool {
		flood()
		all, home := turn.Strangers(s, "127.0.0.1")
		return all == most && home > 0
	})
	allocatesByDTLS(t, s, mustSocket(t))
	flood()
	if all, home := turn.Strangers(s, "127.0.0.1"); all > most || home > ofHome {
		t.Errorf("%d strangers are kept, %d of them of one address", all, home)
	}
}

// A hello that bears somebody's address and port does not keep him away.
func TestForgedHelloOfClient(t *testing.T) {
	s := mustListenDTLS(t, turn.Config{})
	hello, socket := mustHello(t), mustSocket(t)
	if _, err := socket.WriteTo(hello, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(s.TLSAddr().String()))); err != nil {
		t.Fatal(err)
	}
	if _, _, err := socket.ReadFrom(make([]byte, 2000)); err != nil { // the cookie, which he did not ask for
		t.Fatal(err)
	}
	began := time.Now()
	allocatesByDTLS(t, s, socket)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}
