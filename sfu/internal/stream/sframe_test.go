package stream_test

import (
	"errors"
	"testing"

	"passerby/sfu/internal/stream"
)

// The header examples of RFC 9605, appendix C.1, and the layout of docs/security.md.
func TestParseSFrame(t *testing.T) {
	tests := []struct {
		in   []byte
		want stream.SFrame
	}{
		{[]byte{0x00}, stream.SFrame{Size: 1}},
		{[]byte{0x01}, stream.SFrame{Counter: 1, Size: 1}},
		{[]byte{0x08, 0xff}, stream.SFrame{Counter: 0xff, Size: 2}},
		{[]byte{0x09, 0x01, 0x00}, stream.SFrame{Counter: 0x100, Size: 3}},
		{[]byte{0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, stream.SFrame{Counter: 1<<64 - 1, Size: 9}},
		{[]byte{0x10}, stream.SFrame{KeyID: 1, Size: 1}},
		{[]byte{0x80, 0xff}, stream.SFrame{KeyID: 0xff, Size: 2}},
		{[]byte{0x99, 0x01, 0x00, 0x01, 0x00}, stream.SFrame{KeyID: 0x100, Counter: 0x100, Size: 5}},
		{[]byte{0xd0, 1, 2, 3, 4, 5, 6}, stream.SFrame{KeyID: 0x010203040506, Size: 7}},
		{[]byte{0xd8, 1, 2, 3, 4, 5, 6, 9}, stream.SFrame{KeyID: 0x010203040506, Counter: 9, Size: 8}},
		{[]byte{0xff, 255, 255, 255, 255, 255, 255, 255, 255, 1, 2, 3, 4, 5, 6, 7, 8},
			stream.SFrame{KeyID: 1<<64 - 1, Counter: 0x0102030405060708, Size: 17}},
	}
	for _, test := range tests {
		got, err := stream.ParseSFrame(append(test.in, 0xee))
		if err != nil || got != test.want {
			t.Errorf("%x: got %+v, %v, want %+v", test.in, got, err, test.want)
		}
		for n := range test.in {
			if _, err := stream.ParseSFrame(test.in[:n]); !errors.Is(err, stream.ErrMalformed) {
				t.Errorf("%x cut to %d bytes: error %v", test.in, n, err)
			}
		}
	}
}

func FuzzSFrame(f *testing.F) {
	f.Add([]byte{0xd8, 1, 2, 3, 4, 5, 6, 9})
	f.Add([]byte{0x0f})
	f.Fuzz(func(t *testing.T, in []byte) {
		h, err := stream.ParseSFrame(in)
		if err == nil && (h.Size < 1 || h.Size > 17 || h.Size > len(in)) {
			t.Errorf("%x: size %d", in, h.Size)
		}
	})
}
