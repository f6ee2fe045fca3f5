package testenv

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// KeyPair is the ephemeral X25519 key of one match.
type KeyPair struct{ private *ecdh.PrivateKey }

// NewKeyPair makes a fresh one.
func NewKeyPair() (KeyPair, error) {
	p, err := ecdh.X25519().GenerateKey(rand.Reader)
	return KeyPair{p}, err
}

// String is the public half as it travels.
func (k KeyPair) String() string {
	return "x25519:" + base64.RawURLEncoding.EncodeToString(k.private.PublicKey().Bytes())
}

// Keys are those under which one side sends.
type Keys struct {
	ID           uint64
	Video, Audio FrameKey
}

// FrameKey opens and seals frames of one kind.
type FrameKey struct {
	aead cipher.AEAD
	salt []byte
}

// Receive derives what the partner encrypts with. `initiator` tells whether this side is it.
func (k KeyPair) Receive(match, peer string, initiator bool) (Keys, error) {
	return k.derive(match, peer, initiator, !initiator)
}

// Send derives what this side encrypts with.
func (k KeyPair) Send(match, peer string, initiator bool) (Keys, error) {
	return k.derive(match, peer, initiator, initiator)
}

// derive gives the keys of the initiator's direction, or of the other.
func (k KeyPair) derive(match, peer string, initiator, fromInitiator bool) (Keys, error) {
	raw, ok := strings.CutPrefix(peer, "x25519:")
	if !ok {
		return Keys{}, fmt.Errorf("the partner's key is of another kind: %q", peer)
	}
	point, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil {
		return Keys{}, fmt.Errorf("partner's key: %w", err)
	}
	public, err := ecdh.X25519().NewPublicKey(point)
	if err != nil {
		return Keys{}, fmt.Errorf("partner's key: %w", err)
	}
	z, err := k.private.ECDH(public)
	if err != nil {
		return Keys{}, fmt.Errorf("agree on a secret: %w", err)
	}
	first, second, direction := peer, k.String(), "r"
	if initiator {
		first, second = second, first
	}
	if fromInitiator {
		direction = "i"
	}
	id := KeyID(match, first, second)
	keys := Keys{ID: id}
	for purpose, to := range map[string]*FrameKey{"video": &keys.Video, "audio": &keys.Audio} {
		info := "passerby.v1 " + purpose + " " + direction + " " + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, id)[2:])
		base, err := hkdf.Key(sha256.New, z, []byte(match), info, 32)
		if err != nil {
			return Keys{}, err
		}
		if *to, err = newFrameKey(base, id); err != nil {
			return Keys{}, err
		}
	}
	return keys, nil
}

// KeyID binds a match to both public keys (docs/security.md).
func KeyID(match, initiator, responder string) uint64 {
	sum := sha256.Sum256([]byte("passerby.v1 key-id\n" + match + "\n" + initiator + "\n" + responder))
	return binary.BigEndian.Uint64(append([]byte{0, 0}, sum[:6]...))
}

// newFrameKey is RFC 9605 section 4.4.2 for AES_128_GCM_SHA256_128.
func newFrameKey(base []byte, kid uint64) (FrameKey, error) {
	secret, err := hkdf.Extract(sha256.New, base, nil)
	if err != nil {
		return FrameKey{}, err
	}
	label := func(what string) string {
		b := binary.BigEndian.AppendUint64([]byte("SFrame 1.0 Secret "+what+" "), kid)
		return string(binary.BigEndian.AppendUint16(b, 4))
	}
	key, err := hkdf.Expand(sha256.New, secret, label("key"), 16)
	if err != nil {
		return FrameKey{}, err
	}
	salt, err := hkdf.Expand(sha256.New, secret, label("salt"), 12)
	if err != nil {
		return FrameKey{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return FrameKey{}, err
	}
	aead, err := cipher.NewGCM(block)
	return FrameKey{aead, salt}, err
}
