package machine_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"passerby/signaling/machine"
)

func TestKeyIDIsThatOfTheReference(t *testing.T) {
	sum := sha256.Sum256([]byte("passerby.v1 key-id\nm\np256:a\nx25519:b"))
	want := hex.EncodeToString(sum[:6])
	if got := machine.FormatKeyID(machine.KeyID("m", "p256:a", "x25519:b")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := machine.FormatKeyID(0xff); got != "0000000000ff" {
		t.Errorf("got %s, want all 12 digits", got)
	}
}
