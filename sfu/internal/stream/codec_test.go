package stream_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"passerby/sfu/internal/stream"
)

// header is an SFrame header: key id 0x0102 in six bytes, counter 5.
var header = []byte{0xd5, 0, 0, 0, 0, 1, 2}

// escaped is the same as it stands in a NAL unit: a 3 after each two zeros.
var escaped = []byte{0xd5, 0, 0, 3, 0, 0, 3, 1, 2, 0x80}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func TestInspectVideo(t *testing.T) {
	type want struct{ start, key, keyed, picture, tl0 bool }
	sps, pps := []byte{0x67, 66, 192, 21}, []byte{0x68, 206}
	sei := join([]byte{6}, escaped)
	unit := func(b []byte) []byte { return join([]byte{0, byte(len(b))}, b) }
	tests := []struct {
		name  string
		codec stream.Codec
		in    []byte
		want  want
	}{
		// As Chromium and Firefox send them: I, and V on a key frame.
		{"VP9 key frame", stream.CodecVP9, join([]byte{0x8a, 0x92, 0x34, 0x18, 1, 64, 0, 240, 1, 0}, header), want{start: true, key: true, keyed: true, picture: true}},
		{"VP9 delta frame", stream.CodecVP9, join([]byte{0xc8, 0x92, 0x35}, header), want{start: true, keyed: true, picture: true}},
		{"VP9 continuation", stream.CodecVP9, []byte{0xc4, 0x92, 0x35, 9, 9}, want{picture: true}},
		{"VP9 layers", stream.CodecVP9, join([]byte{0xa8, 0x12, 0x00, 7}, header), want{start: true, key: true, keyed: true, picture: true, tl0: true}},
		{"VP9 upper layer", stream.CodecVP9, join([]byte{0xa8, 0x12, 0x02, 7}, header), want{start: true, keyed: true, picture: true, tl0: true}},
		{"VP9 flexible", stream.CodecVP9, join([]byte{0xf8, 0x92, 0x35, 0x00, 0x03, 0x04}, header), want{start: true, keyed: true, picture: true}},
		{"AV1 key frame", stream.CodecAV1, join([]byte{0x18, 0x30}, header), want{start: true, key: true, keyed: true}},
		{"AV1 delta frame", stream.CodecAV1, join([]byte{0x50, 0x30}, header), want{start: true, keyed: true}},
		{"AV1 with lengths", stream.CodecAV1, join([]byte{0x08, 0x8a, 0x01, 0x32, 0x85, 0x01}, header), want{start: true, key: true, keyed: true}},
		{"AV1 continuation", stream.CodecAV1, []byte{0x90, 1, 2, 3}, want{}},
		{"H.264 key frame", stream.CodecH264, join([]byte{0x78}, unit(sei), unit(sps), unit(pps)), want{start: true, key: true, keyed: true}},
		{"H.264 small frame", stream.CodecH264, join([]byte{0x78}, unit(sei), unit([]byte{0x61, 0xe0, 0, 9})), want{start: true, keyed: true}},
		{"H.264 large frame", stream.CodecH264, sei, want{start: true, keyed: true}},
		{"H.264 continuation", stream.CodecH264, []byte{0x7c, 0x85, 1, 2}, want{}},
		{"H.264 unsealed", stream.CodecH264, join([]byte{0x78}, unit(sps), unit(pps)), want{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := stream.InspectVideo(test.codec, test.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := (want{f.Start, f.Key, f.Keyed, f.Descriptor.HasPicture, f.Descriptor.HasTL0}); got != test.want {
				t.Errorf("%+v, not %+v", got, test.want)
			}
			if f.Codec() != test.codec {
				t.Errorf("codec %d", f.Codec())
			}
			if f.Keyed && f.KeyID != 0x0102 {
				t.Errorf("key id %x", f.KeyID)
			}
			for n := range test.in {
				if _, err := stream.InspectVideo(test.codec, test.in[:n]); err != nil && !errors.Is(err, stream.ErrMalformed) {
					t.Errorf("cut to %d bytes: %v", n, err)
				}
			}
		})
	}
}

func TestRewriteOtherCodecs(t *testing.T) {
	out := stream.Out{PictureID: 0x1234, TL0: 0x56, KeyIdx: 0x15}
	tests := []struct {
		name     string
		codec    stream.Codec
		in, want []byte
	}{
		{"VP9 15 bits", stream.CodecVP9, []byte{0xc8, 0x80, 0x01, 1, 2}, []byte{0xc8, 0x92, 0x34, 1, 2}},
		{"VP9 7 bits grow to 15", stream.CodecVP9, []byte{0xc8, 0x01, 1, 2}, []byte{0xc8, 0x92, 0x34, 1, 2}},
		{"VP9 layers", stream.CodecVP9, []byte{0xa8, 0x12, 0x40, 7, 1}, []byte{0xa8, 0x92, 0x34, 0x40, 0x56, 1}},
		{"VP9 references stay", stream.CodecVP9, []byte{0xf8, 0x92, 0x35, 0x00, 0x03, 0x04, 1}, []byte{0xf8, 0x92, 0x34, 0x00, 0x03, 0x04, 1}},
		{"AV1", stream.CodecAV1, []byte{0x18, 0x30, 1, 2}, []byte{0x18, 0x30, 1, 2}},
		{"H.264", stream.CodecH264, []byte{0x7c, 0x85, 1, 2}, []byte{0x7c, 0x85, 1, 2}},
	}
	for _, test := range tests {
		f, err := stream.InspectVideo(test.codec, test.in)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		dst := make([]byte, len(test.in)+stream.MaxGrowth)
		if got := dst[:f.Descriptor.Rewrite(dst, test.in, out)]; !bytes.Equal(got, test.want) {
			t.Errorf("%s: % x, not % x", test.name, got, test.want)
		}
	}
}

// FuzzInspectVideo: whatever a browser sends, what is read is inside of it, and what is written fits.
func FuzzInspectVideo(f *testing.F) {
	f.Add(uint8(1), []byte{0x8a, 0x92, 0x34, 0x18, 1, 64, 0, 240, 1, 0, 0xd5, 0, 0, 0, 0, 1, 2})
	f.Add(uint8(1), []byte{0xf8, 0x92, 0x35, 0x00, 0x03, 0x04, 1})
	f.Add(uint8(2), []byte{0x08, 0x8a, 0x01, 0x32, 0x85, 0x01, 0xd5, 0, 0, 0, 0, 1, 2})
	f.Add(uint8(3), []byte{0x78, 0, 4, 6, 1, 2, 0x80, 0, 2, 0x67, 66})
	f.Fuzz(func(t *testing.T, codec uint8, in []byte) {
		frame, err := stream.InspectVideo(stream.Codec(codec), in)
		if err != nil {
			return
		}
		if frame.Key && !frame.Start {
			t.Error("a key frame that does not begin")
		}
		dst := make([]byte, len(in)+stream.MaxGrowth)
		if n := frame.Descriptor.Rewrite(dst, in, stream.Out{}); n < len(in) {
			t.Errorf("%d bytes of %d", n, len(in))
		}
	})
}
