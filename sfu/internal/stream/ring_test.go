package stream_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"passerby/sfu/internal/stream"
)

func put(r *stream.Ring, seq uint16, b []byte, now time.Time) bool {
	slot := r.Reserve(len(b) + 7)
	if slot == nil {
		return false
	}
	r.Keep(seq, copy(slot, b), now)
	return true
}

// TestRingModel: what the ring gives is what was put under that number, and
// everything of the last half of its size is there.
func TestRingModel(t *testing.T) {
	const size = 64 << 10
	rnd := rand.New(rand.NewPCG(1, 2))
	r := stream.NewRing(size)
	want := map[uint16][]byte{}
	var order []uint16
	seq := uint16(65000)
	for range 6000 {
		seq++
		if rnd.IntN(50) == 0 {
			seq += uint16(rnd.IntN(5)) // lost upstream
		}
		b := make([]byte, 1+rnd.IntN(1200))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		if !put(r, seq, b, epoch) {
			t.Fatal("no room")
		}
		want[seq] = b
		order = append(order, seq)
		back, bytesBack := len(order)-1, 0
		for ; back >= 0 && bytesBack < size/2 && len(order)-back < 500; back-- {
			bytesBack += len(want[order[back]]) + 7
		}
		probe := order[back+1+rnd.IntN(len(order)-back-1)]
		if got := r.Get(probe, epoch.Add(time.Hour), 0); got == nil && int(seq-probe) < 512 {
			t.Fatalf("packet %d back is gone", seq-probe)
		} else if got != nil && !bytes.Equal(got, want[probe]) {
			t.Fatalf("packet %d back changed", seq-probe)
		}
		any := order[rnd.IntN(len(order))]
		if got := r.Get(any, epoch, 0); got != nil && !bytes.Equal(got, want[any]) {
			t.Fatalf("an old packet changed")
		}
	}
}

func TestRing(t *testing.T) {
	r := stream.NewRing(16 << 10)
	if r.Get(5, epoch, 0) != nil {
		t.Error("an empty ring gave a packet")
	}
	if put(r, 1, make([]byte, 5000), epoch) {
		t.Error("kept a packet over a quarter of the ring")
	}
	put(r, 7, []byte("seven"), epoch)
	if r.Get(7, epoch.Add(19*time.Millisecond), 20*time.Millisecond) != nil {
		t.Error("gave a packet again within the gap")
	}
	if got := r.Get(7, epoch.Add(20*time.Millisecond), 20*time.Millisecond); string(got) != "seven" {
		t.Errorf("got %q", got)
	}
	if r.Get(7, epoch.Add(30*time.Millisecond), 20*time.Millisecond) != nil {
		t.Error("giving a packet does not count as sending it")
	}
	if r.Get(7+512, epoch.Add(time.Hour), 0) != nil {
		t.Error("gave the packet of another number")
	}
	// A reservation that was not kept has written over the oldest bytes.
	for i := range 20 {
		put(r, uint16(100+i), bytes.Repeat([]byte{byte(i)}, 1000), epoch)
	}
	for range 3 {
		clear(r.Reserve(4000))
	}
	for i := range 20 {
		if got := r.Get(uint16(100+i), epoch.Add(time.Hour), 0); got != nil && got[0] != byte(i) {
			t.Errorf("packet %d was written over", i)
		}
	}
	r.Reset()
	if r.Get(119, epoch.Add(time.Hour), 0) != nil {
		t.Error("a packet survived Reset")
	}
	if n := testing.AllocsPerRun(100, func() { put(r, 9, make([]byte, 0, 0), epoch); r.Get(9, epoch.Add(time.Hour), 0) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
