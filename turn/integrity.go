package turn

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // the key of RFC 8489, section 9.2.2, is made so
	"crypto/sha1" //nolint:gosec // MESSAGE-INTEGRITY is HMAC-SHA1, which is sound as a MAC
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// Password algorithms (RFC 8489, section 18.5), and those that we offer, the better one first.
const (
	algorithmMD5    = 1
	algorithmSHA256 = 2
)

var offeredAlgorithms = []byte{0, algorithmSHA256, 0, 0, 0, algorithmMD5, 0, 0}

// longTermKey makes the key of a user (RFC 8489, section 18.5.1).
func longTermKey(algorithm int, username, realm []byte, password string) []byte {
	text := make([]byte, 0, len(username)+len(realm)+len(password)+2)
	text = append(append(text, username...), ':')
	text = append(append(text, realm...), ':')
	text = append(text, password...)
	if algorithm == algorithmSHA256 {
		sum := sha256.Sum256(text)
		return sum[:]
	}
	sum := md5.Sum(text) //nolint:gosec // as above
	return sum[:]
}

// integrity is the MAC of a message up to its attribute at the offset, whose value has size bytes, as if the message ended behind it (RFC 8489, sections 14.5 and 14.6).
func integrity(h func() hash.Hash, key, raw []byte, at, size int) []byte {
	var head [4]byte
	copy(head[:], raw)
	binary.BigEndian.PutUint16(head[2:], uint16(at+4+size-stunHeader)) //nolint:gosec // datagrams are short
	mac := hmac.New(h, key)
	mac.Write(head[:])
	mac.Write(raw[len(head):at])
	return mac.Sum(nil)
}

// signed reports whether a key made the integrity of a message: the stronger one when there are two.
func (m *message) signed(key []byte) bool {
	if at := m.integrity256; at != 0 {
		return hmac.Equal(integrity(sha256.New, key, m.raw, at, sha256.Size), m.raw[at+4:at+4+sha256.Size])
	}
	at := m.integrity
	return hmac.Equal(integrity(sha1.New, key, m.raw, at, sha1.Size), m.raw[at+4:at+4+sha1.Size])
}

// appendIntegrity signs an answer in the way of its request.
func (m *message) appendIntegrity(b, key []byte) []byte {
	at := len(b)
	if m.integrity256 != 0 {
		return appendAttribute(b, attrIntegrity256, integrity(sha256.New, key, b, at, sha256.Size)...)
	}
	return appendAttribute(b, attrIntegrity, integrity(sha1.New, key, b, at, sha1.Size)...)
}
