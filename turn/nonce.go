package turn

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"net/netip"
	"time"
)

// A nonce is stateless: it tells when it was made, and a MAC binds that to the client's address and port. It begins as RFC 8489, section 9.2, wants it of
// a server that offers password algorithms:
//
//	"obMatJos2" | base64 of 24 feature bits | base64 of time (3 bytes, units of 16 s) | MAC (8 bytes)
const (
	nonceHead = "obMatJos2AAAB" // bit 0, numbered from the right: erratum 6290
	nonceText = 15
	nonceUnit = 16 * time.Second
	nonceLife = time.Hour
)

// nonces makes and checks nonces. Each shard has its own with the same key; it is for one goroutine at a time.
type nonces struct {
	mac hash.Hash
	in  [4 + 16 + 2]byte
	sum [sha256.Size]byte
}

func newNonceKey() []byte {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return key
}

func newNonces(key []byte) nonces { return nonces{mac: hmac.New(sha256.New, key)} }

// bind is the MAC over a time and an address.
func (n *nonces) bind(at uint32, to netip.AddrPort) []byte {
	binary.BigEndian.PutUint32(n.in[:], at)
	ip := to.Addr().As16()
	copy(n.in[4:], ip[:])
	binary.BigEndian.PutUint16(n.in[20:], to.Port())
	n.mac.Reset()
	n.mac.Write(n.in[:])
	return n.mac.Sum(n.sum[:0])[:8]
}

func nonceTime(now time.Time) uint32 {
	return uint32(now.Unix()/int64(nonceUnit/time.Second)) & 0xffffff
} //nolint:gosec // masked

// appendNonce adds a fresh one for an address.
func (n *nonces) appendNonce(b []byte, to netip.AddrPort, now time.Time) []byte {
	at := nonceTime(now)
	raw := [11]byte{byte(at >> 16), byte(at >> 8), byte(at)}
	copy(raw[3:], n.bind(at, to))
	return base64.RawStdEncoding.AppendEncode(append(b, nonceHead...), raw[:])
}

// valid reports whether we made it for this address, not too long ago.
func (n *nonces) valid(nonce []byte, from netip.AddrPort, now time.Time) bool {
	text, ours := bytes.CutPrefix(nonce, []byte(nonceHead))
	var raw [12]byte
	if !ours || len(text) != nonceText {
		return false
	}
	if _, err := base64.RawStdEncoding.Decode(raw[:], text); err != nil {
		return false
	}
	at := uint32(raw[0])<<16 | uint32(raw[1])<<8 | uint32(raw[2])
	age := time.Duration((nonceTime(now)-at)&0xffffff) * nonceUnit
	return age <= nonceLife && hmac.Equal(raw[3:11], n.bind(at, from))
}
