package turn_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/pion/stun/v4"

	"passerby/turn"
)

// addressesAt are those that are asked, by where a server listens.
var addressesAt = map[string][]string{
	":0":        {"127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"},
	"0.0.0.0:0": {"127.0.0.1", "127.0.0.2", "127.0.0.3"},
	"[::]:0":    {"::1"},
}

// A server that listens at every address answers from the one that was asked, and relays from there: clients, and their NATs, take nothing from elsewhere.
func TestAnswersFromTheAddressThatWasAsked(t *testing.T) {
	far := mustPeer(t, "127.0.0.1:0")
	for listen, ips := range addressesAt {
		for _, plain := range []bool{false, true} {
			s, err := turn.Listen(turn.Config{Listen: listen, Secret: secret, AllowPeerAddrs: []netip.AddrPort{far}, Plain: plain})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			port := s.UDPAddr().(*net.UDPAddr).Port
			for _, ip := range ips {
				conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.ParseIP(ip), Port: port}) // hears this address only
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				c := &raw{t: t, conn: conn, who: good("ada")}
				c.must(stun.MethodAllocate, udp)
				c.must(stun.MethodChannelBind, channel(0x4001), peerAddress(far))
				for range 40 { // runs of equal length go to the kernel as one
					if _, err := conn.Write(append([]byte{0x40, 1, 0, 4}, "ping"...)); err != nil {
						t.Fatal(err)
					}
				}
				_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
				b := make([]byte, 100)
				for i := range 20 {
					if n, err := conn.Read(b); err != nil || string(b[4:n]) != "echo ping" {
						t.Fatalf("%s at %s (plain: %v), packet %d: %q, %v", listen, ip, plain, i, b[:n], err)
					}
				}
			}
		}
	}
}

// The same over DTLS.
func TestAnswersOverDTLSFromTheAddressThatWasAsked(t *testing.T) {
	cert, key := mustCertificate(t, t.TempDir(), "first")
	for listen, ips := range addressesAt {
		s := mustListen(t, turn.Config{TLSListen: listen, TLSCert: cert, TLSKey: key})
		port := s.TLSAddr().(*net.TCPAddr).Port
		for _, ip := range ips {
			conn, err := net.DialUDP("udp", nil, &net.UDPAddr{IP: net.ParseIP(ip), Port: port}) // hears this address only
			if err != nil {
				t.Fatal(err)
			}
			c, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(conn), conn.RemoteAddr(), dtls.WithInsecureSkipVerify(true))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			err = c.HandshakeContext(ctx)
			cancel()
			if err != nil {
				t.Fatalf("%s at %s: %v", listen, ip, err)
			}
		}
	}
}
