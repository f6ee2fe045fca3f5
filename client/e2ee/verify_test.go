package e2ee_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"os"
	"regexp"
	"strings"
	"testing"

	"passerby/client/e2ee"
)

// verifiers are the two sides of one match, as each sees the keys.
func verifiers(t *testing.T, initiatorSees, responderSees [2]string) (i, r *e2ee.Verifier) {
	t.Helper()
	one, other := pair(t, e2ee.X25519)
	return e2ee.NewVerifier(one, true, initiatorSees[0], initiatorSees[1]), e2ee.NewVerifier(other, false, responderSees[0], responderSees[1])
}

// play carries steps to and fro until nobody has one, changed by tamper.
func play(i, r *e2ee.Verifier, tamper func(e2ee.Step) *e2ee.Step) {
	for step, to, from := i.Pending(), r, i; step != nil; to, from = from, to {
		if step = tamper(*step); step != nil {
			step = to.Receive(*step)
		}
	}
}

func asIs(s e2ee.Step) *e2ee.Step { return &s }

func TestVerification(t *testing.T) {
	keys := [2]string{"x25519:AAA", "x25519:BBB"}
	i, r := verifiers(t, keys, keys)
	play(i, r, asIs)
	one, _ := i.Outcome()
	other, failed := r.Outcome()
	if one == nil || other == nil || *one != *other || failed || i.Pending() != nil || r.Pending() != nil {
		t.Fatalf("%v and %v", one, other)
	}

	middle := [2]string{"x25519:AAA", "x25519:MMM"}
	i, r = verifiers(t, middle, keys)
	play(i, r, asIs)
	one, _ = i.Outcome()
	if other, _ = r.Outcome(); one == nil || other == nil || *one == *other {
		t.Errorf("with other keys on one side: %v and %v", one, other)
	}
}

// TestVerificationFollowsTheDocument checks the emoji against docs/security.md, step by step, and the order of the signs against
// that of the page.
func TestVerificationFollowsTheDocument(t *testing.T) {
	one, other := pair(t, e2ee.X25519)
	i, r := e2ee.NewVerifier(one, true, "KI", "KR"), e2ee.NewVerifier(other, false, "KI", "KR")
	var said []e2ee.Step
	play(i, r, func(s e2ee.Step) *e2ee.Step { said = append(said, s); return &s })
	if len(said) != 3 || said[0].KeyID != one.String() {
		t.Fatalf("%+v", said)
	}
	nonce, err := base64.RawURLEncoding.DecodeString(said[2].Nonce)
	sum := sha256.Sum256(nonce)
	if err != nil || said[0].Commit != base64.RawURLEncoding.EncodeToString(sum[:]) {
		t.Error("the commitment is to another nonce")
	}
	page, err := os.ReadFile("../../web/sdk/src/crypto/emoji.ts")
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`([^\sa-z'=]+)([a-z]+)[ ']`).FindAllStringSubmatch(string(page[strings.Index(string(page), "const list"):strings.Index(string(page), "export")]), -1)
	if len(list) != 64 {
		t.Fatalf("%d signs in the page's source", len(list))
	}
	hash := sha256.Sum256([]byte("passerby.v1 sas\n" + one.Match + "\nKI\nKR\n" + said[2].Nonce + "\n" + said[1].Nonce))
	emoji, _ := i.Outcome()
	for n, e := range emoji {
		bits := (int(hash[0])<<16 | int(hash[1])<<8 | int(hash[2])) >> (18 - 6*n) & 63
		if e.Sign != list[bits][1] || e.Name != list[bits][2] {
			t.Errorf("sign %d is %v, not %v", n, e, list[bits][1:])
		}
	}
}

func TestVerificationOverABadWay(t *testing.T) {
	keys := [2]string{"KI", "KR"}
	for lost := range 3 {
		i, r := verifiers(t, keys, keys)
		n := 0
		play(i, r, func(s e2ee.Step) *e2ee.Step {
			if n++; n == lost+1 {
				return nil
			}
			return &s
		})
		// Two seconds later both say what they have to say.
		if step := i.Pending(); step != nil {
			if step = r.Receive(*step); step != nil {
				if step = i.Receive(*step); step != nil {
					r.Receive(*step)
				}
			}
		} else if step := r.Pending(); step != nil {
			r.Receive(*i.Receive(*step))
		}
		one, _ := i.Outcome()
		if other, _ := r.Outcome(); one == nil || other == nil || *one != *other {
			t.Errorf("step %d lost: %v and %v", lost+1, one, other)
		}
	}
}

func TestLiesInVerification(t *testing.T) {
	other := make([]byte, 32)
	_, _ = rand.Read(other)
	lie := base64.RawURLEncoding.EncodeToString(other)
	keys := [2]string{"KI", "KR"}
	for name, change := range map[string]func(*e2ee.Step){
		"a nonce that was not committed to": func(s *e2ee.Step) {
			if s.Step == 3 {
				s.Nonce = lie
			}
		},
		"a step of one's own comes back": func(s *e2ee.Step) {
			if s.Step == 2 {
				s.Step, s.Commit = 1, lie
			}
		},
	} {
		i, r := verifiers(t, keys, keys)
		play(i, r, func(s e2ee.Step) *e2ee.Step { change(&s); return &s })
		_, one := i.Outcome()
		if _, two := r.Outcome(); !one && !two {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	i, r := verifiers(t, keys, keys)
	step := r.Receive(*i.Pending())
	i.Receive(*step)
	if step.Nonce = lie; i.Receive(*step) != nil {
		t.Error("another nonce was answered")
	}
	if emoji, failed := i.Outcome(); !failed || emoji != nil {
		t.Error("a second nonce went unnoticed")
	}
	// Nothing of this is an answer, nor a lie.
	i, _ = verifiers(t, keys, keys)
	for _, s := range []e2ee.Step{
		{}, {Step: 4, Nonce: lie}, {Step: -1}, {Step: 2}, {Step: 2, Nonce: lie + "A"}, {Step: 2, Nonce: lie[1:]},
		{Step: 2, Nonce: strings.Repeat("A", 1<<16)}, {Step: 2, Nonce: lie, KeyID: "0123456789ab"},
	} {
		if i.Receive(s) != nil {
			t.Errorf("%+v was answered", s)
		}
	}
	if emoji, failed := i.Outcome(); emoji != nil || failed {
		t.Error("malformed steps count")
	}
}
