package batch_test

import (
	"net/netip"
	"testing"

	"passerby/internal/batch"
)

// What the kernel refuses for the sake of one address, such as port 0 or a way with a small MTU, says nothing about the others.
func TestOneBadAddress(t *testing.T) {
	a, _ := mustConn(t, "udp4", "127.0.0.1:0")
	b, to := mustConn(t, "udp4", "127.0.0.1:0")
	w, r := batch.NewWriter(8, true), batch.NewReader(8, 0, 1600)
	if !w.Segments() {
		t.Skip("this kernel does not segment")
	}
	for _, at := range []netip.AddrPort{netip.AddrPortFrom(to.Addr(), 0), to} {
		for range 3 {
			if err := a.Add(w, make([]byte, 100), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.WriteBatch(w); err != nil {
		t.Fatal(err)
	}
	for got := 0; got < 3; {
		n, err := b.ReadBatch(r)
		if err != nil {
			t.Fatal(err)
		}
		got += n
	}
	if !w.Segments() || w.Dropped != 3 {
		t.Errorf("runs go as one: %v; dropped: %d, want 3", w.Segments(), w.Dropped)
	}
}
