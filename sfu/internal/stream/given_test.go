package stream_test

import (
	"math/rand/v2"
	"testing"

	"passerby/sfu/internal/stream"
)

// TestNoNumberTwice: a packet and its retransmission are sent on once, in whatever order they come.
func TestNoNumberTwice(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 9))
		r := stream.NewRewriter(90000, stream.Start{Seq: uint16(rnd.Uint32())})
		at := map[uint16]int{} // when a number was given
		source := uint16(rnd.Uint32())
		for i := range 20000 {
			if rnd.IntN(2000) == 0 {
				r.Switch()
				source = uint16(rnd.Uint32())
			}
			back := uint16(0)
			if rnd.IntN(3) == 0 {
				back = uint16(rnd.IntN(3000))
			} else {
				source += uint16(1 + rnd.IntN(1+rnd.IntN(60)))
			}
			out, ok := r.Rewrite(packet(source-back, 0, 1), nil, epoch)
			if !ok {
				continue
			}
			if last, before := at[out.Seq]; before && i-last < 2000 {
				t.Fatalf("seed %d, packet %d: the number of packet %d again", seed, i, last)
			}
			at[out.Seq] = i
		}
	}
}
