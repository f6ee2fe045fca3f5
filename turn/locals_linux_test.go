package turn_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// A server that listens at every address answers from the one that was asked, and relays from there: clients, and their NATs, take nothing from elsewhere.
func TestAnswersFromTheAddressThatWasAsked(t *testing.T) {
	far := mustPeer(t, "127.0.0.1:0")
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		s, err := turn.Listen(turn.Config{Listen: listen, Secret: secret, AllowPeerAddrs: []netip.AddrPort{far}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		port := s.UDPAddr().(*net.UDPAddr).Port
		ips := []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"}
		if listen == ":0" {
			ips = append(ips, "::1")
		} else if listen == "[::]:0" {
			ips = []string{"::1"}
		}
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
					t.Fatalf("%s at %s, packet %d: %q, %v", listen, ip, i, b[:n], err)
				}
			}
		}
	}
}
