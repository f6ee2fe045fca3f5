package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// Frank returns the franking tag of a forwarded message: HMAC-SHA-256 over match, sender's session, n, time (Unix ms) and the 32-byte
// commitment, as docs/security.md lays it out. Match and session are printable ASCII, so that no two messages give the same bytes.
func (k Keys) Frank(match, sender string, n uint64, at int64, commitment []byte) []byte {
	mac := hmac.New(sha256.New, k.franking)
	for _, part := range []string{match, sender, strconv.FormatUint(n, 10), strconv.FormatInt(at, 10), base64.RawURLEncoding.EncodeToString(commitment)} {
		mac.Write([]byte(part))
		mac.Write([]byte{'\n'})
	}
	return mac.Sum(nil)
}

// Franked says whether a tag is what Frank gave for this message, with these keys or those of before the last rotation.
func (k Keys) Franked(tag []byte, match, sender string, n uint64, at int64, commitment []byte) bool {
	good := hmac.Equal(tag, k.Frank(match, sender, n, at, commitment))
	if k.old != nil {
		good = k.old.Franked(tag, match, sender, n, at, commitment) || good
	}
	return good
}
