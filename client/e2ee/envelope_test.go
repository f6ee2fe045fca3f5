package e2ee_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"passerby/client/e2ee"
)

func TestText(t *testing.T) {
	a, b := pair(t, e2ee.X25519)
	for _, text := range []string{"", "Hello", "zażółć 🦊 <b>&", strings.Repeat("x", 4000)} {
		body, err := a.SealText(7, text, false)
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.OpenText(7, body)
		if err != nil || got.Text != text || got.Gap {
			t.Errorf("%.20q: %.20q, %v", text, got.Text, err)
		}
		if _, err := b.OpenText(8, body); !errors.Is(err, e2ee.ErrSealed) {
			t.Errorf("it opens under another number: %v", err)
		}
		if _, err := a.OpenText(7, body); !errors.Is(err, e2ee.ErrSealed) {
			t.Errorf("its own sender takes it for the partner's: %v", err)
		}
		raw, _ := base64.RawURLEncoding.DecodeString(body)
		for i := range min(len(raw), 200) {
			raw[i] ^= 4
			if _, err := b.OpenText(7, base64.RawURLEncoding.EncodeToString(raw)); !errors.Is(err, e2ee.ErrSealed) {
				t.Fatalf("byte %d can be changed: %v", i, err)
			}
			raw[i] ^= 4
		}
	}
	gap, err := a.SealText(1, "", true)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.OpenText(1, gap); err != nil || !got.Gap {
		t.Errorf("gap: %+v, %v", got, err)
	}
	if _, err := a.SealText(1, "\xff", false); err == nil {
		t.Error("text that is no UTF-8 was sealed")
	}
}

// TestFrankingIsTheServers: the vectors are those of the server and of the browsers' client.
func TestFrankingIsTheServers(t *testing.T) {
	data, err := os.ReadFile("../../internal/evidence/testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Franking []struct{ Text, KF, Commitment string }
	}
	if err := json.Unmarshal(data, &vectors); err != nil || len(vectors.Franking) == 0 {
		t.Fatalf("%v, %d vectors", err, len(vectors.Franking))
	}
	for _, v := range vectors.Franking {
		kf, _ := base64.RawURLEncoding.DecodeString(v.KF)
		if got := base64.RawURLEncoding.EncodeToString(e2ee.Frank(kf, v.Text)); got != v.Commitment {
			t.Errorf("%q: %s, not %s", v.Text, got, v.Commitment)
		}
	}
}

func TestSignal(t *testing.T) {
	a, b := pair(t, e2ee.P256)
	on := true
	sealed, err := a.SealSignal(e2ee.Signal{Typing: &on, Media: &e2ee.Media{Audio: true}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.OpenSignal(sealed)
	if err != nil || got.Typing == nil || !*got.Typing || got.Media == nil || got.Media.Video || !got.Media.Audio || got.Blur != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := a.OpenSignal(sealed); !errors.Is(err, e2ee.ErrSealed) {
		t.Errorf("its own sender takes it for the partner's: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	a, b := pair(f, e2ee.X25519)
	body, _ := a.SealText(1, "Hello", false)
	sealed, _ := a.SealSignal(e2ee.Signal{})
	f.Add(body)
	f.Add(sealed)
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := b.OpenText(1, s); err == nil && got.Text != "Hello" {
			t.Errorf("a forged text opened: %+v", got)
		}
		if _, err := b.OpenSignal(s); err == nil && s != sealed {
			t.Errorf("a forged signal opened: %q", s)
		}
	})
}
