package e2ee_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"passerby/client/e2ee"
)

func TestVectorsOfRFC9605(t *testing.T) {
	data, err := os.ReadFile("../../web/sdk/test/vectors/rfc9605.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Header []struct{ KID, CTR, Encoded string }
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors.Header) < 10 {
		t.Fatalf("%v, %d headers", err, len(vectors.Header))
	}
	for _, v := range vectors.Header {
		kid, _ := strconv.ParseUint(v.KID, 16, 64)
		ctr, _ := strconv.ParseUint(v.CTR, 16, 64)
		encoded, _ := hex.DecodeString(v.Encoded)
		s, err := e2ee.Split(append(append([]byte{1}, encoded...), make([]byte, 16)...), 1)
		if err != nil || s.KID != kid || s.CTR != ctr || !bytes.Equal(s.Header, encoded) {
			t.Errorf("%s: key id %x, counter %x, %v", v.Encoded, s.KID, s.CTR, err)
		}
		own, err := e2ee.Split(append(e2ee.AppendHeader(nil, kid&(1<<48-1), ctr), make([]byte, 16)...), 0)
		if err != nil || own.KID != kid&(1<<48-1) || own.CTR != ctr {
			t.Errorf("written and read: key id %x, counter %x, not %x and %x", own.KID, own.CTR, kid, ctr)
		}
	}
}

func TestFrames(t *testing.T) {
	a, b := pair(t, e2ee.X25519)
	video, audio := a.Senders()
	seen, heard := b.Receivers()
	key, delta := append([]byte{0x10}, make([]byte, 900)...), append([]byte{0x11}, make([]byte, 300)...)
	if video.Seal(delta) != nil {
		t.Error("the first frame that is sent is no key frame")
	}
	first, second := video.Seal(key), video.Seal(delta)
	if bytes.Contains(first, key[10:]) {
		t.Error("the frame is not sealed")
	}
	if _, err := seen.Open(second); !errors.Is(err, e2ee.ErrSealed) {
		t.Errorf("a delta frame before the key frame: %v", err)
	}
	for i, sealed := range [][]byte{first, second} {
		got, err := seen.Open(sealed)
		if want := [][]byte{key, delta}[i]; err != nil || !bytes.Equal(got, want) {
			t.Fatalf("frame %d: %v", i, err)
		}
		if _, err := seen.Open(sealed); !errors.Is(err, e2ee.ErrSealed) {
			t.Errorf("frame %d opens twice: %v", i, err)
		}
	}
	sound := []byte{0x78, 1, 2, 3}
	if got, err := heard.Open(audio.Seal(sound)); err != nil || !bytes.Equal(got, sound) {
		t.Errorf("sound: %x, %v", got, err)
	}
	other, _ := pair(t, e2ee.X25519)
	foreign, _ := other.Senders()
	if _, err := seen.Open(foreign.Seal(key)); !errors.Is(err, e2ee.ErrSealed) {
		t.Errorf("a frame of another match: %v", err)
	}
}

// TestReplay compares the window with one that remembers everything.
func TestReplay(t *testing.T) {
	a, b := pair(t, e2ee.X25519)
	_, heard := b.Receivers()
	r := rand.New(rand.NewPCG(1, 2))
	seen, highest := map[uint64]bool{}, uint64(0)
	for range 20000 {
		ctr := highest + uint64(r.IntN(1400))
		ctr -= min(ctr, uint64(r.IntN(1400)))
		frame := a.Send.Audio.Seal([]byte{0x78, 1}, 1, a.ID, ctr)
		want := !seen[ctr] && ctr+1024 > highest
		if len(seen) == 0 {
			want = true
		}
		if _, err := heard.Open(frame); (err == nil) != want {
			t.Fatalf("counter %d after %d: %v, wanted %t", ctr, highest, err, want)
		}
		if want {
			seen[ctr], highest = true, max(highest, ctr)
		}
	}
}

func FuzzFrame(f *testing.F) {
	a, b := pair(f, e2ee.X25519)
	video, _ := a.Senders()
	f.Add(video.Seal(make([]byte, 40)))
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		seen, heard := b.Receivers()
		_, _ = seen.Open(data)
		if _, err := heard.Open(data); err == nil {
			t.Errorf("a forged frame opened: %x", data)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	keys, _ := pair(b, e2ee.X25519)
	video, _ := keys.Senders()
	frame := make([]byte, 1200)
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		video.Seal(frame)
	}
}

func TestSplit(t *testing.T) {
	body := bytes.Repeat([]byte{0xee}, 20)
	tests := map[string]struct {
		frame    []byte
		clear    int
		kid, ctr uint64
		ok       bool
	}{
		"six bytes of key id, short counter": {append([]byte{1, 2, 3, 0xd5, 1, 2, 3, 4, 5, 6}, body...), 3, 0x010203040506, 5, true},
		"counter of two bytes":               {append([]byte{9, 0xd9, 0, 0, 0, 0, 0, 7, 0x12, 0x34}, body...), 1, 7, 0x1234, true},
		"both in the config byte":            {append([]byte{9, 0x23}, body...), 1, 2, 3, true},
		"ends inside the key id":             {[]byte{9, 0xd0, 1, 2}, 1, 0, 0, false},
		"no room for the tag":                {append([]byte{9, 0x23}, body[:15]...), 1, 0, 0, false},
		"only clear bytes":                   {[]byte{1, 2, 3}, 3, 0, 0, false},
		"nothing":                            {nil, 3, 0, 0, false},
	}
	for name, tt := range tests {
		s, err := e2ee.Split(tt.frame, tt.clear)
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v", name, err)
		}
		if tt.ok && (s.KID != tt.kid || s.CTR != tt.ctr || !bytes.Equal(s.Body, body)) {
			t.Errorf("%s: got key id %x, counter %d, body %x", name, s.KID, s.CTR, s.Body)
		}
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte{9, 0xd9, 0, 0, 0, 0, 0, 7, 0x12, 0x34}, 1)
	f.Add([]byte{}, 3)
	f.Fuzz(func(t *testing.T, frame []byte, clear int) {
		if clear < 0 || clear > 10 {
			return
		}
		if s, err := e2ee.Split(frame, clear); err == nil && len(s.Clear)+len(s.Header)+len(s.Body) != len(frame) {
			t.Errorf("parts do not add up: %+v", s)
		}
	})
}
