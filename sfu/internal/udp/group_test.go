package udp_test

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"testing"

	"passerby/sfu/internal/udp"
)

func addresses(ports ...uint16) (all []netip.AddrPort) {
	for _, port := range ports {
		all = append(all, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), port))
	}
	return all
}

// TestGrouped: packets to one address follow each other, in their order.
func TestGrouped(t *testing.T) {
	if got, want := udp.Grouped(addresses(7, 8, 9, 7, 8, 9, 8)), []int{0, 3, 1, 4, 6, 2, 5}; !slices.Equal(got, want) {
		t.Errorf("%v, not %v", got, want)
	}
	for range 200 {
		ports := make([]uint16, rand.IntN(700))
		for i := range ports {
			ports[i] = uint16(rand.IntN(1 + rand.IntN(600)))
		}
		order := udp.Grouped(addresses(ports...))
		seen := map[uint16]int{}
		for _, i := range order {
			if last, ok := seen[ports[i]]; ok && last > i {
				t.Fatalf("port %d: %d after %d", ports[i], i, last)
			}
			seen[ports[i]] = i
		}
		slices.Sort(order)
		for i, at := range order {
			if i != at {
				t.Fatalf("packet %d is missing or doubled", i)
			}
		}
	}
}

// BenchmarkPicture is what it costs to write a picture of eight packets to fifty receivers, as a fan-out queues them.
func BenchmarkPicture(b *testing.B) {
	to := make([]netip.AddrPort, 50)
	for i := range to {
		to[i] = newSink(b)
	}
	write, stop := udp.Writing(b)
	defer stop()
	for b.Loop() {
		write(8, to)
	}
}

// newSink is a socket that nobody reads.
func newSink(tb testing.TB) netip.AddrPort {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
