package machine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// KeyID computes the 48-bit key id of a match as docs/security.md says: the first six
// bytes of SHA-256 over a label, the match and the key strings of both sides.
func KeyID(match, initiatorKey, responderKey string) uint64 {
	sum := sha256.Sum256([]byte("passerby.v1 key-id\n" + match + "\n" + initiatorKey + "\n" + responderKey))
	return binary.BigEndian.Uint64(sum[:8]) >> 16
}

// FormatKeyID writes a key id as 12 hex digits.
func FormatKeyID(id uint64) string { return fmt.Sprintf("%012x", id) }
