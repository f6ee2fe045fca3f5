package signaling

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gorilla/websocket"
)

// appendFrame appends a frame with a payload of n zeros.
func appendFrame(dst []byte, opcode byte, fin, masked bool, n int) []byte {
	if fin {
		opcode |= 0x80
	}
	var mask byte
	if masked {
		mask = 0x80
	}
	dst = append(dst, opcode)
	switch {
	case n < 126:
		dst = append(dst, mask|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, mask|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, mask|127), uint64(n))
	}
	if masked {
		dst = append(dst, 1, 2, 3, 4)
	}
	return append(dst, make([]byte, n)...)
}

func TestFramingKnowsWhereMessagesEnd(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var stream []byte
	ends := map[int]bool{0: true} // places between two messages
	edges := map[int]bool{}       // and between two frames of one
	sizes := []int{0, 1, 125, 126, 127, 65535, 65536, 70000}
	for range 60 {
		n, masked := sizes[dice.IntN(len(sizes))], dice.IntN(4) > 0
		switch dice.IntN(3) {
		case 0:
			stream = appendFrame(stream, 1, true, masked, n)
		case 1:
			stream = appendFrame(stream, 9, true, masked, n%126)
		default: // fragments with a pong between
			stream = appendFrame(stream, 2, false, masked, n)
			edges[len(stream)] = true
			stream = appendFrame(stream, 10, true, masked, 3)
			edges[len(stream)] = true
			stream = appendFrame(stream, 0, false, masked, n)
			stream = appendFrame(stream, 0, true, masked, n)
		}
		ends[len(stream)] = true
	}
	var f framing
	for at := 0; ; {
		if f.between() != ends[at] {
			t.Fatalf("byte %d: between is %t", at, f.between())
		}
		if at == len(stream) {
			return
		}
		n := min(1+dice.IntN(1+dice.IntN(3000)), len(stream)-at)
		for end := at + 1; end < at+n; end++ {
			if (ends[end] || edges[end]) && dice.IntN(2) == 0 {
				n = end - at
			}
		}
		f.follow(stream[at : at+n])
		at += n
	}
}

// Frames are counted alike however the bytes come in pieces.
func FuzzFraming(f *testing.F) {
	for _, kind := range []int{websocket.TextMessage, websocket.PingMessage} {
		f.Add([]byte{0x80 | byte(kind), 0x80, 0, 0, 0, 0}, uint8(1))
	}
	f.Add([]byte("\x01\x85\x01\x02\x03\x04hello\x80\xfe\x00\x7e\x01\x02\x03\x04"), uint8(3))
	f.Add(append([]byte("\x00\xff\x00\x00\x00\x00\x00\x00\x00\x02abcd"), "xy\x8a\x00"...), uint8(2))
	f.Add(bytes.Repeat([]byte{0xff}, 40), uint8(7))
	f.Fuzz(func(t *testing.T, stream []byte, piece uint8) {
		var whole, pieces framing
		whole.follow(stream)
		for p := range slices.Chunk(stream, max(1, int(piece))) {
			pieces.follow(p)
		}
		if whole != pieces {
			t.Errorf("in one piece %+v, in pieces of %d %+v", whole, piece, pieces)
		}
	})
}
