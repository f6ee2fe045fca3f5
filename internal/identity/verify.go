package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"time"

	"passerby/signaling/protocol"
)

// Skew is how far a browser's clock may be off.
const Skew = 5 * time.Minute

var (
	// ErrSignature says that the request is malformed, or signed by another key, or for another server.
	ErrSignature = errors.New("identity: the device's signature does not hold")
	// ErrTime says that it was signed too long ago, or will be.
	ErrTime = errors.New("identity: the device's clock and the server's differ, or the request is old")
)

const (
	pointBytes     = 65 // SEC 1, section 2.3.3, uncompressed
	nonceBytes     = 16
	signatureBytes = 64
)

// Verify checks a device's signature of a request to a host (as the Host header has it) and answers the public key. Whether the nonce
// was used before is for the caller to see.
func Verify(d protocol.Device, host string, now time.Time) ([]byte, error) {
	public, signature := decode(d.Key, pointBytes), decode(d.Signature, signatureBytes)
	if public == nil || signature == nil || decode(d.Nonce, nonceBytes) == nil {
		return nil, ErrSignature
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	digest := sha256.Sum256(Message(d, host))
	r, s := new(big.Int).SetBytes(signature[:signatureBytes/2]), new(big.Int).SetBytes(signature[signatureBytes/2:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return nil, ErrSignature
	}
	if age := now.Sub(time.UnixMilli(d.At)); age > Skew || age < -Skew {
		return nil, ErrTime
	}
	return public, nil
}

// Message is what a device signs.
func Message(d protocol.Device, host string) []byte {
	return fmt.Appendf(nil, "passerby device\n%s\n%d\n%s", host, d.At, d.Nonce)
}

// decode reads base64url of exactly n bytes, written in the one way that counts; nil when it is not.
func decode(s string, n int) []byte {
	if len(s) != base64.RawURLEncoding.EncodedLen(n) {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != n {
		return nil
	}
	return b
}
