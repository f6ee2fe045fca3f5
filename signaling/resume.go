package signaling

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// secrets are the resume secrets of a session, by their digests. Two are live: the one of
// the last welcome, and the one before it, because the last welcome may have been lost
// together with the connection. A secret dies when its successor's successor is given out.
type secrets struct{ current, previous string }

// newSecret makes 256 random bits.
func newSecret() string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// digest is what is kept of a secret; "" of none.
func digest(secret string) string {
	if secret == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(secret))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// rotate gives out a new secret to a client that showed one; "" for a fresh session.
func (s *secrets) rotate(shown string) string {
	if s.current == "" || same(shown, s.current) {
		s.previous = s.current
	}
	secret := newSecret()
	s.current = digest(secret)
	return secret
}

// live says whether a secret takes the session over.
func (s *secrets) live(secret string) bool {
	current := same(secret, s.current)
	previous := same(secret, s.previous)
	return current || previous
}

func same(secret, kept string) bool {
	return kept != "" && subtle.ConstantTimeCompare([]byte(digest(secret)), []byte(kept)) == 1
}
