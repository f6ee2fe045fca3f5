package e2ee_test

import (
	"errors"
	"testing"

	"passerby/client/e2ee"
)

// pair makes the keys of both sides of a match.
func pair(t testing.TB, kind e2ee.Kind) (initiator, responder *e2ee.Keys) {
	t.Helper()
	a, err := e2ee.NewKeyPair(kind)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e2ee.NewKeyPair(kind)
	if err != nil {
		t.Fatal(err)
	}
	if initiator, err = a.Agree("m1", b.Public(), true); err != nil {
		t.Fatal(err)
	}
	if responder, err = b.Agree("m1", a.Public(), false); err != nil {
		t.Fatal(err)
	}
	return initiator, responder
}

func TestBothSidesAgree(t *testing.T) {
	for _, kind := range []e2ee.Kind{e2ee.X25519, e2ee.P256} {
		one, other := pair(t, kind)
		if one.ID != other.ID || one.ID == 0 || one.ID>>48 != 0 {
			t.Errorf("%s: key ids %x and %x", kind, one.ID, other.ID)
		}
		if one.Send.Commit() != other.Receive.Commit() || one.Send.Commit() == one.Receive.Commit() {
			t.Errorf("%s: the commitments do not fit", kind)
		}
		another, _ := pair(t, kind)
		if another.ID == one.ID {
			t.Errorf("%s: two matches have one key id", kind)
		}
	}
}

// TestKeyIDNamesTheMatch: the same two keys have another id in another match.
func TestKeyIDNamesTheMatch(t *testing.T) {
	if e2ee.KeyID("m1", "a", "b") == e2ee.KeyID("m2", "a", "b") || e2ee.KeyID("m1", "a", "b") == e2ee.KeyID("m1", "b", "a") {
		t.Error("two matches have one key id")
	}
}

func TestUnusableKeys(t *testing.T) {
	own, err := e2ee.NewKeyPair(e2ee.X25519)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := e2ee.NewKeyPair(e2ee.P256)
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range []string{
		"", "x25519:", "x25519:!", "x25519:AAAA", "rsa:AAAA", p256.Public(),
		"x25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", // the secret would be zeros
	} {
		if _, err := own.Agree("m1", peer, true); !errors.Is(err, e2ee.ErrKey) {
			t.Errorf("%q: %v", peer, err)
		}
	}
	if e2ee.KindOf(p256.Public()) != e2ee.P256 || e2ee.KindOf("rsa:AAAA") != "" {
		t.Error("kinds are not told")
	}
	if _, err := e2ee.NewKeyPair("rsa"); err == nil {
		t.Error("a pair of an unknown kind")
	}
}
