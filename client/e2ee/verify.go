package e2ee

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Step is one word of a verification, as it travels in a signal under "v".
type Step struct {
	Step int `json:"step"`
	// Commit (step 1) and Nonce (2 and 3) are base64url of 32 bytes.
	Commit string `json:"commit,omitempty"`
	Nonce  string `json:"nonce,omitempty"`
	// KeyID tells late news from before a rekey apart.
	KeyID string `json:"key_id,omitempty"`
}

// Verifier is one side of a verification by a short authentication string: commit, then reveal (as ZRTP, RFC 6189).
//
//	initiator                      responder
//	   │ 1 commit = SHA-256(nonce_i) ─→│
//	   │←─ 2 nonce_r                   │
//	   │ 3 nonce_i ───────────────────→│ checks the commitment
//	both: four emoji of SHA-256(match, both keys, both nonces)
//
// Whoever is in the middle cannot choose a nonce after he has seen the other's, and has one try in 2^24. Its owner sends what
// Receive and Pending answer, and asks Pending again every two seconds.
type Verifier struct {
	context   string
	keyID     string
	initiator bool
	nonce     string
	seen      [4]string // by step
	emoji     *[4]Emoji
	failed    bool
}

// NewVerifier begins the verification of a match whose keys are those of these two public keys.
func NewVerifier(keys *Keys, initiator bool, initiatorKey, responderKey string) *Verifier {
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce) // never fails
	return &Verifier{
		context:   "passerby.v1 sas\n" + keys.Match + "\n" + initiatorKey + "\n" + responderKey,
		keyID:     keys.String(),
		initiator: initiator,
		nonce:     base64.RawURLEncoding.EncodeToString(nonce),
	}
}

// Outcome is nil and false as long as nothing is known; then the emoji, or that somebody lied.
func (v *Verifier) Outcome() (emoji *[4]Emoji, failed bool) {
	if v.failed {
		return nil, true
	}
	return v.emoji, false
}

// Pending is the step to send now, and again until the other side moves on; nil when this side waits or is done.
func (v *Verifier) Pending() *Step {
	switch {
	case v.failed:
		return nil
	case v.initiator && v.seen[2] == "":
		return &Step{Step: 1, Commit: commitTo(v.nonce), KeyID: v.keyID}
	case !v.initiator && v.seen[1] != "" && v.seen[3] == "":
		return v.reveal(2)
	}
	return nil
}

// Receive takes a step of the other side and answers the one to send at once, if any. The first value of a step counts; a later
// one that differs fails the verification, and so does a step that only this side may send. Malformed ones are dropped.
func (v *Verifier) Receive(s Step) *Step {
	value, ok := s.value()
	if !ok || v.failed || s.KeyID != "" && s.KeyID != v.keyID {
		return nil
	}
	if seen := v.seen[s.Step]; (s.Step == 2) != v.initiator || seen != "" && seen != value {
		v.failed = true
		return nil
	}
	if s.Step == 3 && v.seen[1] == "" {
		return nil
	}
	v.seen[s.Step] = value
	switch s.Step {
	case 1:
		return v.reveal(2)
	case 2:
		v.succeed(v.nonce, value)
		return v.reveal(3)
	}
	if commitTo(value) != v.seen[1] {
		v.failed = true
		return nil
	}
	v.succeed(value, v.nonce)
	return nil
}

func (v *Verifier) reveal(step int) *Step {
	return &Step{Step: step, Nonce: v.nonce, KeyID: v.keyID}
}

func (v *Verifier) succeed(nonceI, nonceR string) {
	emoji := fourEmoji(sha256.Sum256([]byte(v.context + "\n" + nonceI + "\n" + nonceR)))
	v.emoji = &emoji
}

// value is what a step says, in the one canonical spelling: other spellings of the same bytes are no other value.
func (s Step) value() (string, bool) {
	value := s.Nonce
	switch s.Step {
	case 1:
		value = s.Commit
	case 2, 3:
	default:
		return "", false
	}
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 32 {
		return "", false
	}
	return base64.RawURLEncoding.EncodeToString(raw), true
}

// commitTo is the commitment to a nonce: base64url(SHA-256(its bytes)).
func commitTo(nonce string) string {
	raw, _ := base64.RawURLEncoding.DecodeString(nonce) // its spelling was looked at
	sum := sha256.Sum256(raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
