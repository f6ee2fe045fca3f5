package turn_test

import (
	"net"
	"net/netip"
	"testing"

	"passerby/turn"
)

// Relaying allocates nothing: not for a packet, and not for a batch.
func TestNoAllocationPerPacket(t *testing.T) {
	peer, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer.LocalAddr().(*net.UDPAddr).AddrPort()}, Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7")})
	if n := turn.AllocsPerRelayed(t, s, peer); n > 0.05 {
		t.Errorf("%.2f allocations for each relayed packet", n)
	}
}
