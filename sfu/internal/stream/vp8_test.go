package stream_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"passerby/sfu/internal/stream"
)

func TestParseVP8(t *testing.T) {
	tests := []struct {
		name string
		in   []byte
		want stream.VP8
	}{
		{"bare start", []byte{0x10, 1}, stream.VP8{Size: 1, Start: true}},
		{"bare continuation", []byte{0x00, 1}, stream.VP8{Size: 1}},
		{"second partition", []byte{0x11, 1}, stream.VP8{Size: 1}},
		{"7-bit picture", []byte{0x90, 0x80, 0x7f, 1}, stream.VP8{Size: 3, Start: true, HasPicture: true, PictureID: 127}},
		{"15-bit picture", []byte{0x90, 0x80, 0xff, 0xff, 1}, stream.VP8{Size: 4, Start: true, HasPicture: true, Wide: true, PictureID: 0x7fff}},
		{"TL0 alone", []byte{0x90, 0x40, 9, 1}, stream.VP8{Size: 3, Start: true, HasTL0: true, TL0: 9}},
		{"TID without KEYIDX", []byte{0x90, 0x20, 0xe5, 1}, stream.VP8{Size: 3, Start: true, HasLayer: true, Layer: 0xe5}},
		{"all", []byte{0x90, 0xf0, 0x81, 0x02, 3, 0x45, 1},
			stream.VP8{Size: 6, Start: true, HasPicture: true, Wide: true, PictureID: 0x102, HasTL0: true, TL0: 3, HasLayer: true, HasKeyIdx: true, Layer: 0x45}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := stream.ParseVP8(test.in)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(stream.VP8{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for n := range test.in {
				if _, err := stream.ParseVP8(test.in[:n]); !errors.Is(err, stream.ErrMalformed) {
					t.Errorf("cut to %d bytes: error %v", n, err)
				}
			}
		})
	}
}

func TestRewriteVP8(t *testing.T) {
	out := stream.Out{PictureID: 0x1234, TL0: 0x56, KeyIdx: 0x15}
	tests := []struct {
		name     string
		in, want []byte
	}{
		{"bare", []byte{0x10, 1, 2}, []byte{0x10, 1, 2}},
		{"15 bits", []byte{0x90, 0x80, 0x80, 0x01, 1, 2}, []byte{0x90, 0x80, 0x92, 0x34, 1, 2}},
		{"7 bits grow to 15", []byte{0x90, 0x80, 0x01, 1, 2}, []byte{0x90, 0x80, 0x92, 0x34, 1, 2}},
		{"TID and Y stay", []byte{0x90, 0xf0, 0x01, 7, 0xe3, 1}, []byte{0x90, 0xf0, 0x92, 0x34, 0x56, 0xf5, 1}},
		{"no K: the byte stays", []byte{0x90, 0x60, 7, 0xe3, 1}, []byte{0x90, 0x60, 0x56, 0xe3, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d, err := stream.ParseVP8(test.in)
			if err != nil {
				t.Fatal(err)
			}
			dst := make([]byte, len(test.in)+stream.MaxGrowth)
			got := dst[:d.Rewrite(dst, test.in, out)]
			if !bytes.Equal(got, test.want) {
				t.Errorf("got %x, want %x", got, test.want)
			}
		})
	}
}

// FuzzVP8: no panic; what was rewritten parses to the same with the new
// numbers, and the frame bytes are untouched.
func FuzzVP8(f *testing.F) {
	f.Add([]byte{0x90, 0xf0, 0x81, 0x02, 3, 0x45, 1}, uint16(5))
	f.Add([]byte{0x10, 0, 0, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0, 0xd9, 1, 2, 3, 4, 5, 6, 0, 1}, uint16(1))
	f.Fuzz(func(t *testing.T, in []byte, number uint16) {
		_, _ = stream.InspectVideo(stream.CodecVP8, in)
		_ = stream.InspectAudio(in)
		d, err := stream.ParseVP8(in)
		if err != nil {
			return
		}
		out := stream.Out{PictureID: number & 0x7fff, TL0: uint8(number), KeyIdx: uint8(number) & 0x1f}
		dst := make([]byte, len(in)+stream.MaxGrowth)
		dst = dst[:d.Rewrite(dst, in, out)]
		got, err := stream.ParseVP8(dst)
		if err != nil {
			t.Fatalf("rewritten %x: %v", dst, err)
		}
		want := d
		if d.HasPicture {
			if !d.Wide {
				want.Size++
			}
			want.Wide, want.PictureID = true, out.PictureID
		}
		if d.HasTL0 {
			want.TL0 = out.TL0
		}
		if d.HasKeyIdx {
			want.Layer = d.Layer&0xe0 | out.KeyIdx
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(stream.VP8{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if !bytes.Equal(in[d.Size:], dst[got.Size:]) {
			t.Error("frame bytes changed")
		}
	})
}
