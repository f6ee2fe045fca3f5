package batch_test

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"

	"passerby/internal/batch"
)

func mustConn(t testing.TB, network, addr string) (*batch.Conn, netip.AddrPort) {
	t.Helper()
	c, err := net.ListenPacket(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	b, err := batch.Wrap(c.(*net.UDPConn))
	if err != nil {
		t.Fatal(err)
	}
	at := c.LocalAddr().(*net.UDPAddr).AddrPort()
	return b, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), at.Port())
}

// What is written arrives whole, in order, from the right address: between sockets of both kinds, with and without segmentation.
func TestThereAndBack(t *testing.T) {
	for _, segment := range []bool{false, true} {
		for _, network := range []string{"udp4", "udp"} {
			t.Run(fmt.Sprint(network, " ", segment), func(t *testing.T) {
				a, from := mustConn(t, network, ":0")
				b, to := mustConn(t, network, ":0")
				w, r := batch.NewWriter(8, segment), batch.NewReader(16, 64, 1600)
				var want [][]byte
				for i := range 20 { // more than the writer holds: it flushes in between
					d := bytes.Repeat([]byte{byte(i)}, 100)
					if i%7 == 6 {
						d = d[:33] // a shorter one ends a run
					}
					want = append(want, d)
					if err := a.Add(w, d, to); err != nil {
						t.Fatal(err)
					}
				}
				if err := a.WriteBatch(w); err != nil || w.Dropped != 0 {
					t.Fatalf("%v, dropped %d", err, w.Dropped)
				}
				for got := 0; got < len(want); {
					n, err := b.ReadBatch(r)
					if err != nil {
						t.Fatal(err)
					}
					for i := range n {
						d, sender := r.Datagram(i)
						if !bytes.Equal(d, want[got]) || sender != from {
							t.Fatalf("datagram %d: %d bytes of %v from %v, want %d from %v", got, len(d), d[0], sender, len(want[got]), from)
						}
						got++
					}
				}
			})
		}
	}
}

// A datagram that does not fit is known by its length 0, and harms no neighbour.
func TestTooLong(t *testing.T) {
	a, _ := mustConn(t, "udp4", "127.0.0.1:0")
	b, to := mustConn(t, "udp4", "127.0.0.1:0")
	w, r := batch.NewWriter(4, false), batch.NewReader(4, 0, 100)
	for _, n := range []int{10, 101, 100} {
		if err := a.Add(w, make([]byte, n), to); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.WriteBatch(w); err != nil {
		t.Fatal(err)
	}
	var got []int
	for len(got) < 3 {
		n, err := b.ReadBatch(r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			d, _ := r.Datagram(i)
			got = append(got, len(d))
		}
	}
	if got[0] != 10 || got[1] != 0 || got[2] != 100 {
		t.Errorf("lengths %v, want [10 0 100]", got)
	}
}

func TestNoAllocation(t *testing.T) {
	a, _ := mustConn(t, "udp4", "127.0.0.1:0")
	b, to := mustConn(t, "udp4", "127.0.0.1:0")
	w, r := batch.NewWriter(8, true), batch.NewReader(8, 64, 1600)
	d := make([]byte, 500)
	n := testing.AllocsPerRun(100, func() {
		for range 8 {
			_ = a.Add(w, d, to)
		}
		_ = a.WriteBatch(w)
		for got := 0; got < 8; {
			k, err := b.ReadBatch(r)
			if err != nil {
				t.Fatal(err)
			}
			got += k
		}
	})
	if n > 4 { // the closures of RawConn; none for a datagram
		t.Errorf("%v allocations for 8 datagrams there and back", n)
	}
}

func BenchmarkThereAndBack(b *testing.B) {
	a, _ := mustConn(b, "udp4", "127.0.0.1:0")
	c, to := mustConn(b, "udp4", "127.0.0.1:0")
	w, r := batch.NewWriter(32, false), batch.NewReader(32, 64, 1600)
	d := make([]byte, 1100)
	for b.Loop() {
		for range 32 {
			_ = a.Add(w, d, to)
		}
		_ = a.WriteBatch(w)
		for got := 0; got < 32; {
			n, err := c.ReadBatch(r)
			if err != nil {
				b.Fatal(err)
			}
			got += n
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*32), "ns/datagram")
}
