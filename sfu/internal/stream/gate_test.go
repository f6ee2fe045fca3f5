package stream_test

import (
	"testing"

	"passerby/sfu/internal/stream"
)

// videoPayload is a packet of a VP8 frame as docs/security.md lays it out.
func videoPayload(start, key bool, keyID byte) []byte {
	b := []byte{0}
	if start {
		b[0] = 0x10
	}
	if key {
		b = append(b, 0x10, 2, 0, 0x9d, 0x01, 0x2a, 0x80, 2, 0xe0, 1)
	} else {
		b = append(b, 0x11, 2, 0)
	}
	b = append(b, 0xd0, 0, 0, 0, 0, 0, keyID)
	return append(b, make([]byte, 20)...)
}

func TestInspect(t *testing.T) {
	wrongStart := videoPayload(true, true, 1)
	wrongStart[5] = 0
	tests := []struct {
		name            string
		in              []byte
		start, key, has bool
		id              uint64
	}{
		{"key frame", videoPayload(true, true, 7), true, true, true, 7},
		{"delta frame", videoPayload(true, false, 7), true, false, true, 7},
		{"continuation", videoPayload(false, true, 7), false, false, false, 0},
		{"no start code", wrongStart, true, false, true, 1},
		{"key frame too short", []byte{0x10, 0x10, 2, 0, 0x9d, 0x01, 0x2a, 1}, true, true, false, 0},
		{"one byte", []byte{0x10, 0}, true, false, false, 0},
	}
	for _, test := range tests {
		f, err := stream.InspectVideo(stream.CodecVP8, test.in)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if f.Start != test.start || f.Key != test.key || f.Keyed != test.has || f.KeyID != test.id {
			t.Errorf("%s: %+v", test.name, f)
		}
	}
	if f := stream.InspectAudio([]byte{0x78, 0xd0, 0, 0, 0, 0, 0, 9, 1}); !f.Keyed || f.KeyID != 9 {
		t.Errorf("audio: %+v", f)
	}
	if f := stream.InspectAudio([]byte{0x78}); f.Keyed {
		t.Errorf("empty audio: %+v", f)
	}
}

func TestGate(t *testing.T) {
	type step struct {
		start, key bool
		id         byte
		pass       bool
	}
	const want = 5
	tests := []struct {
		name  string
		video bool
		keyID uint64
		steps []step
	}{
		{"video waits for a key frame of the key", true, want, []step{
			{true, false, want, false}, {true, true, 4, false}, {false, false, 0, false},
			{true, true, want, true}, {false, false, 0, true}, {true, false, want, true},
		}},
		{"another key closes", true, want, []step{
			{true, true, want, true}, {true, false, 4, false}, {false, false, 0, false},
			{true, false, want, false}, {true, true, want, true},
		}},
		{"no key asked for", true, 0, []step{
			{true, false, 1, false}, {true, true, 2, true}, {true, false, 3, true},
		}},
		{"audio waits for the key", false, want, []step{
			{true, false, 4, false}, {true, false, want, true}, {true, false, 4, false}, {true, false, want, true},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := stream.NewGate(test.video)
			g.Reset(test.keyID)
			was := false
			for i, s := range test.steps {
				f := stream.Frame{Start: s.start, Key: s.key, Keyed: s.start, KeyID: uint64(s.id)}
				pass, opened, closed := g.Pass(&f)
				if pass != s.pass {
					t.Fatalf("step %d: pass %v", i, pass)
				}
				if opened != (!was && g.Open()) || closed != (was && !g.Open()) {
					t.Errorf("step %d: opened %v, closed %v, from %v to %v", i, opened, closed, was, g.Open())
				}
				was = g.Open()
			}
		})
	}
	// Unkeyed frames never match a key.
	g := stream.NewGate(true)
	g.Reset(want)
	if pass, _, _ := g.Pass(&stream.Frame{Start: true, Key: true, KeyID: want}); pass {
		t.Error("a frame without a header passed")
	}
}
