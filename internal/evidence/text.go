package evidence

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
)

// Reasons why a text is not proven.
var (
	// ErrOpening says that the text is not the one that its sender committed to.
	ErrOpening = errors.New("its words are not those that were committed to")
	// ErrTag says that the server never forwarded such a message of this sender, in this match, at this place and time.
	ErrTag = errors.New("this server did not forward it from the partner in this conversation at that time")
)

// KeySize is the length of the key that opens a commitment, in bytes. It is fixed, because HMAC fills shorter keys up with
// zeros, so that two of them would open the same commitment.
const KeySize = 32

// Text is a message as a report offers it.
type Text struct {
	Match  string
	Sender string // session
	N      uint64
	At     int64 // when the server forwarded it, Unix ms
	Text   string

	Key        []byte // kf: what opens the commitment
	Commitment []byte
	Tag        []byte
}

// Tags knows the server's franking tags; auth.Keys does.
type Tags interface {
	Franked(tag []byte, match, sender string, n uint64, at int64, commitment []byte) bool
}

// Commit computes the commitment of docs/security.md: HMAC-SHA-256(kf, UTF-8(text)).
func Commit(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// Verify answers nil when the sender sent exactly this text, in this match, as his n-th, and the server forwarded it at
// this time; else ErrOpening or ErrTag.
func (t Text) Verify(tags Tags) error {
	if len(t.Key) != KeySize || !hmac.Equal(Commit(t.Key, t.Text), t.Commitment) {
		return ErrOpening
	}
	if !tags.Franked(t.Tag, t.Match, t.Sender, t.N, t.At, t.Commitment) {
		return ErrTag
	}
	return nil
}
