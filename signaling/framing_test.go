package signaling

import (
	"bytes"
	"slices"
	"testing"

	"github.com/gorilla/websocket"
)

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
