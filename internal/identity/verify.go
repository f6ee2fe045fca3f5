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

// What a device signs for. A signature for one thing is none for another.
const (
	ForSession = ""
	ForExport  = "export"
	ForDelete  = "delete"
)

// Verify checks a device's signature of a request to a host (as the Host header has it) and answers the public key. Whether the nonce
// was used before is for the caller to see.
func Verify(d protocol.Device, host string, now time.Time) ([]byte, error) {
	return VerifyFor(ForSession, d, host, now)
}

// VerifyFor is Verify of a signature for something else than a session.
func VerifyFor(purpose string, d protocol.Device, host string, now time.Time) ([]byte, error) {
	public, signature := decode(d.Key, pointBytes), decode(d.Signature, signatureBytes)
	if public == nil || signature == nil || decode(d.Nonce, nonceBytes) == nil {
		return nil, ErrSignature
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	digest := sha256.Sum256(MessageFor(purpose, d, host))
	r, s := new(big.Int).SetBytes(signature[:signatureBytes/2]), new(big.Int).SetBytes(signature[signatureBytes/2:])
	if !ecdsa.Verify(key, digest[:], r, s) {
		return nil, ErrSignature
	}
	if age := now.Sub(time.UnixMilli(d.At)); age > Skew || age < -Skew {
		return nil, ErrTime
	}
	return public, nil
}

// Claim answers the public key that a device says to have, unproven; nil when it is none.
func Claim(d protocol.Device) []byte { return decode(d.Key, pointBytes) }

// Message is what a device signs for a session.
func Message(d protocol.Device, host string) []byte { return MessageFor(ForSession, d, host) }

// MessageFor is what a device signs.
func MessageFor(purpose string, d protocol.Device, host string) []byte {
	if purpose != ForSession {
		purpose = " " + purpose
	}
	return fmt.Appendf(nil, "passerby device%s\n%s\n%d\n%s", purpose, host, d.At, d.Nonce)
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
