package batch_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"passerby/internal/batch"
)

// mustSocket is a descriptor that does not block, of a socket at any address, which tells where datagrams were sent to.
func mustSocket(t testing.TB, network string) (fd int, v6 bool, port uint16) {
	t.Helper()
	var lc net.ListenConfig
	c, err := lc.ListenPacket(context.Background(), network, ":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	raw, err := c.(*net.UDPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	v6 = network == "udp"
	_ = raw.Control(func(f uintptr) { fd = int(f); err = batch.TellLocals(fd, v6) })
	if err != nil {
		t.Fatal(err)
	}
	return fd, v6, c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func waitFor(t testing.TB, fd int) {
	t.Helper()
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000); n != 1 {
		t.Fatalf("nothing arrives: %v", err)
	}
}

// A datagram tells which address it was sent to, and leaves from the one that is named: alone, in a run, and when a run has to be taken apart.
func TestLocals(t *testing.T) {
	for _, network := range []string{"udp4", "udp"} {
		for _, segment := range []bool{false, true} {
			t.Run(fmt.Sprint(network, " ", segment), func(t *testing.T) {
				a, v6, from := mustSocket(t, network)
				b, _, port := mustSocket(t, network)
				w, r := batch.NewWriter(64, segment), batch.NewReader(64, 0, 1600)
				r.Locals()
				ips := []string{"127.0.0.2", "127.0.0.3", "127.0.0.1"}
				if network == "udp" {
					ips = append(ips, "::1")
				}
				var want []netip.Addr
				for i, ip := range ips {
					addr := netip.MustParseAddr(ip)
					to := netip.AddrPortFrom(addr, port)
					if i == 1 {
						for range 3 { // a run that the kernel refuses as a whole: nothing goes to port 0
							w.AddFrom(make([]byte, 100), netip.AddrPortFrom(addr, 0), addr, v6)
						}
					}
					for range 3 {
						w.AddFrom(make([]byte, 100), to, addr, v6)
						want = append(want, addr)
					}
					w.AddFrom(make([]byte, 7), to, netip.Addr{}, v6) // from where the kernel likes
					want = append(want, netip.Addr{})
				}
				w.Flush(a)
				if w.Dropped != 3 {
					t.Errorf("%d were dropped, want 3", w.Dropped)
				}
				for got := 0; got < len(want); {
					waitFor(t, b)
					n, err := r.Read(b, 0, 64)
					if err != nil {
						t.Fatal(err)
					}
					for i := range n {
						_, sender := r.Datagram(i)
						if addr := want[got]; addr.IsValid() && (sender != netip.AddrPortFrom(addr, from) || r.Local(i) != addr) {
							t.Errorf("datagram %d is from %v to %v, want %v", got, sender, r.Local(i), addr)
						}
						got++
					}
				}
			})
		}
	}
}

// What it costs to know, and to say, the address.
func BenchmarkLocals(b *testing.B) {
	for _, told := range []bool{false, true} {
		b.Run(fmt.Sprint("told ", told), func(b *testing.B) {
			out, v6, _ := mustSocket(b, "udp")
			in, _, port := mustSocket(b, "udp")
			w, r := batch.NewWriter(32, true), batch.NewReader(32, 64, 1600)
			local := netip.Addr{}
			if told {
				r.Locals()
				local = netip.MustParseAddr("127.0.0.1")
			} else if err := unix.SetsockoptInt(in, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 0); err != nil {
				b.Fatal(err)
			}
			to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
			d := make([]byte, 1100)
			for b.Loop() {
				for i := range 32 {
					w.AddFrom(d[:1100-i%2], to, local, v6) // runs of two
				}
				w.Flush(out)
				for got := 0; got < 32; {
					waitFor(b, in)
					n, err := r.Read(in, 0, 32)
					if err != nil {
						b.Fatal(err)
					}
					for i := range n {
						_ = r.Local(i)
					}
					got += n
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*32), "ns/datagram")
		})
	}
}
