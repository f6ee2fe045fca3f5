package stream_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"passerby/sfu/internal/stream"
)

var epoch = time.Unix(1_000_000, 0)

func packet(seq uint16, ts uint32, size int) *stream.Packet {
	return &stream.Packet{Seq: seq, Timestamp: ts, Payload: make([]byte, size)}
}

func picture(id uint16, wide bool) *stream.VP8 {
	return &stream.VP8{HasPicture: true, Wide: wide, PictureID: id, HasTL0: true, TL0: uint8(id), HasLayer: true, HasKeyIdx: true, Layer: uint8(id) & 0x1f}
}

func TestRewriter(t *testing.T) {
	type in struct {
		swtch bool
		after time.Duration // since the last
		seq   uint16
		ts    uint32
		size  int
		drop  bool
		empty bool
		out   uint16 // sequence number, relative to the start
		outTS uint32 // relative to the start
	}
	tests := []struct {
		name  string
		start uint16
		steps []in
	}{
		{"goes on by one across wraps", 65534, []in{
			{seq: 65535, ts: 10, size: 1, out: 1, outTS: 0},
			{after: time.Millisecond, seq: 0, ts: 20, size: 1, out: 2, outTS: 10},
			{swtch: true, after: time.Second, seq: 777, ts: 5, size: 1, out: 3, outTS: 90010},
			{seq: 778, ts: 6, size: 1, out: 4, outTS: 90011},
		}},
		{"a switch advances at least 1/60 s", 0, []in{
			{seq: 1, ts: 0, size: 1, out: 1, outTS: 0},
			{swtch: true, after: time.Millisecond, seq: 9, ts: 0, size: 1, out: 2, outTS: 1500},
			{swtch: true, after: 0, seq: 9, ts: 0, size: 1, out: 3, outTS: 3000},
		}},
		{"gaps stay, late packets fit in", 0, []in{
			{seq: 100, ts: 0, size: 1, out: 1},
			{seq: 103, ts: 0, size: 1, out: 4},
			{seq: 101, ts: 0, size: 1, out: 2},
			{seq: 102, ts: 0, size: 1, out: 3},
			{seq: 104, ts: 0, size: 1, out: 5},
		}},
		{"older than the switch is dropped", 0, []in{
			{seq: 100, size: 1, out: 1},
			{swtch: true, seq: 500, size: 1, out: 2, outTS: 1500},
			{seq: 499, size: 1, drop: true},
			{seq: 501, size: 1, out: 3, outTS: 1500},
		}},
		{"padding leaves no gap", 0, []in{
			{seq: 10, size: 1, out: 1},
			{seq: 11, drop: true},
			{seq: 12, drop: true},
			{seq: 13, size: 1, out: 2},
			{seq: 15, size: 1, out: 4}, // 14 is lost
			{seq: 16, drop: true},
			{seq: 17, size: 1, out: 5},
			{seq: 14, size: 1, out: 3}, // late, before the last padding
			{seq: 11, drop: true},      // padding again
		}},
		{"a jump that no loss explains is closed up", 60000, []in{
			{seq: 10, size: 1, out: 1},
			{seq: 3010, size: 1, out: 3001}, // may be a loss
			{seq: 33000, size: 1, out: 3002},
			{seq: 3012, drop: true}, // of before
			{seq: 33001, size: 1, out: 3003},
			{seq: 35900, drop: true}, // padding: each hides a part of the jump
			{seq: 38800, drop: true},
			{seq: 38801, size: 1, out: 3004},
			{seq: 38802, size: 1, out: 3005},
		}},
		{"late padding fills its gap", 0, []in{
			{seq: 10, size: 1, out: 1},
			{seq: 12, size: 1, out: 3},
			{seq: 11, empty: true, out: 2},
			{seq: 13, size: 1, out: 4},
		}},
		{"a source does not begin with padding", 0, []in{
			{seq: 10, drop: true},
			{seq: 11, size: 1, out: 1},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			const ts = 1<<32 - 5000 // so that it wraps
			r := stream.NewRewriter(90000, stream.Start{Seq: test.start, Timestamp: ts})
			now := epoch
			for i, s := range test.steps {
				now = now.Add(s.after)
				if s.swtch {
					r.Switch()
				}
				out, ok := r.Rewrite(packet(s.seq, s.ts, s.size), nil, now)
				if ok == s.drop {
					t.Fatalf("step %d: ok %v", i, ok)
				}
				if s.drop {
					continue
				}
				if out.Seq != test.start+s.out || out.Empty != s.empty {
					t.Errorf("step %d: sequence %d (empty %v), want %d", i, out.Seq-test.start, out.Empty, s.out)
				}
				if out.Timestamp != ts+s.outTS && !s.empty {
					t.Errorf("step %d: timestamp %d, want %d", i, out.Timestamp-ts, s.outTS)
				}
			}
		})
	}
}

func TestRewriterPictures(t *testing.T) {
	r := stream.NewRewriter(90000, stream.Start{PictureID: 0x7ffe, TL0: 255, KeyIdx: 31})
	steps := []struct {
		swtch bool
		in    *stream.VP8
		want  uint16
	}{
		{false, picture(500, true), 0x7fff},
		{false, picture(501, true), 0},
		{true, picture(126, false), 1}, // 7 bits
		{false, picture(127, false), 2},
		{false, picture(0, false), 3}, // wraps at 7 bits, not in the output
		{false, picture(2, false), 5}, // one lost
		{false, picture(1, false), 4}, // late
		{false, picture(3, false), 6},
		{true, picture(0x7fff, true), 7},
		{false, picture(0, true), 8},
		{true, &stream.VP8{}, 0}, // none at all
		{true, picture(9, true), 9},
	}
	seq := uint16(0)
	for i, s := range steps {
		if s.swtch {
			r.Switch()
		}
		seq++
		if i == 5 {
			seq++
		}
		if i == 6 {
			seq -= 2 // late packets have older numbers
		}
		out, ok := r.Rewrite(packet(seq, 0, 1), s.in, epoch)
		if i == 6 {
			seq += 1
		}
		if !ok {
			t.Fatalf("step %d dropped", i)
		}
		if s.in.HasPicture && out.PictureID != s.want {
			t.Errorf("step %d: picture %d, want %d", i, out.PictureID, s.want)
		}
	}
}

// TestRewriterModel runs random histories: sources of random numbers, loss,
// reordering, padding, switches. Whatever happens, numbers are unique, order
// is the source's order, gaps are the source's losses, and each epoch begins one
// after the highest number before.
func TestRewriterModel(t *testing.T) {
	for seed := range uint64(120) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		r := stream.NewRewriter(90000, stream.Start{
			Seq: uint16(rnd.Uint32()), Timestamp: rnd.Uint32(), PictureID: uint16(rnd.Uint32()), TL0: uint8(rnd.Uint32()),
		})
		now := epoch
		var highest, highestPic uint16 // of the output
		var highestTS uint32
		var highestTL0 uint8
		begun := false
		for range 6 { // epochs
			wide := rnd.IntN(2) == 0
			mask := uint16(0x7f)
			if wide {
				mask = 0x7fff
			}
			inSeq, inTS, inPic := uint16(rnd.Uint32()), rnd.Uint32(), uint16(rnd.Uint32())
			type item struct {
				p     *stream.Packet
				d     *stream.VP8
				frame int
				media int // number among media packets of the epoch; -1 for padding
				index int
			}
			var items []item
			media := 0
			for frame := range 40 + rnd.IntN(200) {
				for n := 1 + rnd.IntN(3); n > 0; n-- {
					p := packet(inSeq, inTS, 1)
					items = append(items, item{p, picture((inPic)&mask, wide), frame, media, len(items)})
					media++
					inSeq++
				}
				if rnd.IntN(4) == 0 {
					items = append(items, item{packet(inSeq, inTS, 0), &stream.VP8{}, frame, -1, len(items)})
					inSeq++
				}
				inTS += 3000
				inPic++
			}
			// Loss and reordering; padding is neither lost nor late here (tables
			// cover that), so that the wanted numbers are plain.
			var order []item
			for _, it := range items {
				if it.index == 0 || it.media < 0 || rnd.IntN(10) != 0 {
					order = append(order, it)
				}
			}
			for i := 2; i < len(order); i++ {
				if j := i - 1; rnd.IntN(8) == 0 && order[i].media >= 0 && order[j].media >= 0 {
					order[i], order[j] = order[j], order[i]
				}
			}
			r.Switch()
			var first stream.Out
			var firstItem item
			seen := map[uint16]bool{}
			base := highest
			for k, it := range order {
				now = now.Add(time.Duration(rnd.IntN(20)) * time.Millisecond)
				out, ok := r.Rewrite(it.p, it.d, now)
				if it.media < 0 {
					if ok {
						t.Fatalf("seed %d: padding was sent on", seed)
					}
					continue
				}
				if !ok {
					t.Fatalf("seed %d: packet %d of the epoch dropped", seed, k)
				}
				if k == 0 {
					first, firstItem = out, it
					if begun {
						if out.Seq != highest+1 || out.PictureID != (highestPic+1)&0x7fff || out.TL0 != highestTL0+1 {
							t.Fatalf("seed %d: epoch begins with %+v after %d, %d", seed, out, highest, highestPic)
						}
						if int32(out.Timestamp-highestTS) < 1500 {
							t.Fatalf("seed %d: timestamp goes on by %d", seed, int32(out.Timestamp-highestTS))
						}
					}
					begun = true
					base = out.Seq
				}
				if want := base + uint16(it.media-firstItem.media); out.Seq != want {
					t.Fatalf("seed %d: number %d, want %d", seed, out.Seq-base, want-base)
				}
				if seen[out.Seq] {
					t.Fatalf("seed %d: number twice", seed)
				}
				seen[out.Seq] = true
				if want := (first.PictureID + uint16(it.frame-firstItem.frame)) & 0x7fff; out.PictureID != want {
					t.Fatalf("seed %d: picture %d, want %d", seed, out.PictureID, want)
				}
				if want := first.Timestamp + 3000*uint32(it.frame-firstItem.frame); out.Timestamp != want {
					t.Fatalf("seed %d: timestamp %d, want %d", seed, out.Timestamp, want)
				}
				if k == 0 || int16(out.Seq-highest) > 0 {
					highest, highestPic, highestTS, highestTL0 = out.Seq, out.PictureID, out.Timestamp, out.TL0
				}
			}
		}
	}
}

func BenchmarkRewriter(b *testing.B) {
	r := stream.NewRewriter(90000, stream.Start{})
	p, d := packet(0, 0, 1000), picture(1, true)
	b.ReportAllocs()
	for b.Loop() {
		p.Seq++
		p.Timestamp += 100
		r.Rewrite(p, d, epoch)
	}
}
