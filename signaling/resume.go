package signaling

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
)

// secrets are the resume secrets of a session. Two are live: the one of the last
// welcome, and the one before it, because the last welcome may have been lost together
// with the connection. A secret dies when its successor's successor is given out.
type secrets struct{ current, previous string }

// newSecret makes 256 random bits.
func newSecret() string {
	var raw [32]byte
	rand.Read(raw[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// rotate gives out a new secret to a client that showed one; "" for a fresh session.
func (s *secrets) rotate(shown string) string {
	if s.current == "" || same(shown, s.current) {
		s.previous = s.current
	}
	s.current = newSecret()
	return s.current
}

// live says whether a secret takes the session over. It takes the same time for every
// secret of the right length.
func (s *secrets) live(secret string) bool {
	current := same(secret, s.current)
	previous := same(secret, s.previous)
	return current || previous
}

func same(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
