package testenv_test

import (
	"bytes"
	"testing"

	"passerby/internal/testenv"
)

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
		s, err := testenv.Split(tt.frame, tt.clear)
		if (err == nil) != tt.ok {
			t.Errorf("%s: error %v", name, err)
		}
		if tt.ok && (s.KID != tt.kid || s.CTR != tt.ctr || !bytes.Equal(s.Body, body)) {
			t.Errorf("%s: got key id %x, counter %d, body %x", name, s.KID, s.CTR, s.Body)
		}
	}
}

func TestBothSidesNameTheSameKeyID(t *testing.T) {
	a, err := testenv.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	b, err := testenv.NewKeyPair()
	if err != nil {
		t.Fatal(err)
	}
	one, err := a.Receive("m", b.String(), true)
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.Receive("m", a.String(), false)
	if err != nil {
		t.Fatal(err)
	}
	if one.ID != other.ID || one.ID == 0 || one.ID>>48 != 0 {
		t.Errorf("key ids %x and %x", one.ID, other.ID)
	}
	third, err := a.Receive("another match", b.String(), true)
	if err != nil {
		t.Fatal(err)
	}
	if third.ID == one.ID {
		t.Error("another match has the same key id")
	}
	if _, err := a.Receive("m", "p256:AAAA", true); err == nil {
		t.Error("a key of another kind was taken")
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte{9, 0xd9, 0, 0, 0, 0, 0, 7, 0x12, 0x34}, 1)
	f.Add([]byte{}, 3)
	f.Fuzz(func(t *testing.T, frame []byte, clear int) {
		if clear < 0 || clear > 10 {
			return
		}
		if s, err := testenv.Split(frame, clear); err == nil && len(s.Clear)+len(s.Header)+len(s.Body) != len(frame) {
			t.Errorf("parts do not add up: %+v", s)
		}
	})
}
