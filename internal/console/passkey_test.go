package console_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"testing"
	"time"

	"passerby/internal/console"
	"passerby/internal/staff"
)

// offered asks for a new passkey, as a page does.
func (b *browser) offered() (c creation) {
	b.w.t.Helper()
	b.must("POST", "/account/passkey", struct{}{}, &c)
	return c
}

func (b *browser) asked() (q question) {
	b.w.t.Helper()
	b.must("POST", "/sign-in/passkey", struct{}{}, &q)
	return q
}

func answerTo(ticket string, credential map[string]any) map[string]any {
	return map[string]any{"ticket": ticket, "credential": credential}
}

// withPasskey is a moderator who has made one.
func withPasskey(w *world, key *authenticator) (*browser, *authenticator) {
	w.t.Helper()
	b, _ := w.member("ann", staff.Moderator, staff.Full)
	c := b.offered()
	b.must("POST", "/account/passkey/finish", answerTo(c.Ticket, key.create(c)), nil)
	return b, key
}

func TestPasskeySignIn(t *testing.T) {
	t.Run("a key that counts", func(t *testing.T) { signInByPasskey(t, newAuthenticator(t)) })
	t.Run("a key that does not", func(t *testing.T) {
		key := newAuthenticator(t)
		key.still = true
		signInByPasskey(t, key)
	})
}

func signInByPasskey(t *testing.T, key *authenticator) {
	w := newWorld(t)
	old, _ := withPasskey(w, key)
	b := w.browser()
	q := b.asked()
	if q.Options.RPID != "chat.example" || q.Options.UserVerification != "required" {
		t.Errorf("the console asks for %+v", q.Options)
	}
	shown := answerTo(q.Ticket, key.show(q))
	var step struct{ Stage string }
	b.must("POST", "/sign-in/passkey/finish", shown, &step)
	var me struct{ Name string }
	if b.must("GET", "/session", nil, &me); step.Stage != "full" || me.Name != "ann" {
		t.Errorf("stage %q as %q", step.Stage, me.Name)
	}
	b.must("GET", "/queue", nil, nil)
	if b.cookies[console.SessionCookie] == old.cookies[console.SessionCookie] {
		t.Error("the session is one from before")
	}
	for name, who := range map[string]*browser{"to the same browser": b, "to another": w.browser()} {
		if code := who.fails("POST", "/sign-in/passkey/finish", shown); code != "expired" {
			t.Errorf("an answer that is played again %s: %s", name, code)
		}
	}
	for range 2 { // the key goes on working
		q = b.asked()
		b.must("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, key.show(q)), nil)
	}
	q = b.asked()
	w.now = w.now.Add(6 * time.Minute)
	if code := b.fails("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, key.show(q))); code != "expired" {
		t.Errorf("an answer after six minutes: %s", code)
	}
}

func TestPasskeyThatLies(t *testing.T) {
	w := newWorld(t)
	_, honest := withPasskey(w, newAuthenticator(t))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, lie := range map[string]func(a *authenticator, q *question){
		"made on another site":           func(a *authenticator, _ *question) { a.origin = "https://evil.example" },
		"made without encryption":        func(a *authenticator, _ *question) { a.origin = "http://chat.example" },
		"made at another port":           func(a *authenticator, _ *question) { a.origin = "https://chat.example:8443" },
		"made on a longer name":          func(a *authenticator, _ *question) { a.origin = "https://chat.example.evil.example" },
		"for another site":               func(a *authenticator, _ *question) { a.rp = "evil.example" },
		"nobody verified who holds it":   func(a *authenticator, _ *question) { a.flags = present },
		"nobody was there":               func(a *authenticator, _ *question) { a.flags = verified },
		"signed by another key":          func(a *authenticator, _ *question) { a.key = other },
		"an id that nobody knows":        func(a *authenticator, _ *question) { a.id = []byte("unknown") },
		"an account that is not there":   func(a *authenticator, _ *question) { a.handle = []byte("nobody") },
		"an answer to another challenge": func(_ *authenticator, q *question) { q.Options.Challenge = w.browser().asked().Options.Challenge },
	} {
		b, key := w.browser(), *honest
		q := b.asked()
		lie(&key, &q)
		if code := b.fails("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, key.show(q))); code != "wrong" || b.cookies[console.SessionCookie] != "" {
			t.Errorf("%s: %s", name, code)
		}
	}
	b := w.browser()
	q := b.asked()
	forged := honest.show(q)
	if code := b.fails("POST", "/sign-in/passkey/finish", answerTo("x"+q.Ticket, forged)); code != "expired" {
		t.Errorf("a ticket that is not ours: %s", code)
	}
	b.must("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, forged), nil) // the same, with nothing forged
}

// A counter that goes back says that somebody has a copy of the key: neither of the two comes in with a count that was used.
func TestPasskeyThatWasCopied(t *testing.T) {
	w := newWorld(t)
	_, key := withPasskey(w, newAuthenticator(t))
	thief := *key
	b := w.browser()
	for range 2 {
		q := b.asked()
		b.must("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, key.show(q)), nil)
	}
	q := w.browser().asked()
	if code := w.browser().fails("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, thief.show(q))); code != "wrong" {
		t.Errorf("a count that was used: %s", code)
	}
	entries, err := w.db.AuditLog(t.Context(), 0, 10)
	if err != nil || len(entries) == 0 || entries[0].Action != "sign-in.refuse" {
		t.Fatalf("the audit log: %+v, %v", entries, err)
	}
	var detail struct{ Step string }
	if err := json.Unmarshal(entries[0].Detail, &detail); err != nil || detail.Step != "passkey with a counter that went back" {
		t.Errorf("the audit log says %s, %v", entries[0].Detail, err)
	}
	q = b.asked()
	b.must("POST", "/sign-in/passkey/finish", answerTo(q.Ticket, key.show(q)), nil) // its owner is not locked out
}

func TestPasskeyIsMade(t *testing.T) {
	w := newWorld(t)
	b, key := withPasskey(w, newAuthenticator(t))
	c := b.offered()
	if o := c.Options; o.RP.ID != "chat.example" || o.Attestation != "none" || o.AuthenticatorSelection.ResidentKey != "required" || o.AuthenticatorSelection.UserVerification != "required" {
		t.Errorf("the console offers %+v", o)
	}
	if code := b.fails("POST", "/account/passkey/finish", answerTo(c.Ticket, key.create(c))); code != "taken" {
		t.Errorf("the same passkey again: %s", code)
	}
	for name, lie := range map[string]func(a *authenticator, c *creation){
		"made on another site":         func(a *authenticator, _ *creation) { a.origin = "https://evil.example" },
		"for another site":             func(a *authenticator, _ *creation) { a.rp = "evil.example" },
		"nobody verified who holds it": func(a *authenticator, _ *creation) { a.flags = present },
		"for another offer":            func(_ *authenticator, c *creation) { c.Options.Challenge = b.offered().Options.Challenge },
	} {
		c, key := b.offered(), newAuthenticator(t)
		lie(key, &c)
		if code := b.fails("POST", "/account/passkey/finish", answerTo(c.Ticket, key.create(c))); code != "wrong" {
			t.Errorf("%s: %s", name, code)
		}
	}
	// An offer to one member is worth nothing to another.
	c = b.offered()
	bob, _ := w.member("bob", staff.Moderator, staff.Full)
	if code := bob.fails("POST", "/account/passkey/finish", answerTo(c.Ticket, newAuthenticator(t).create(c))); code != "expired" {
		t.Errorf("another's offer: %s", code)
	}
}
