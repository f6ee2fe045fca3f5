package e2ee

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Kind is the curve of a key pair. Two partners need the same one.
type Kind string

// The kinds. X25519 is preferred; a client whose partner has P256 makes another pair and sends `rekey`.
const (
	X25519 Kind = "x25519"
	P256   Kind = "p256"
)

// ErrKey says that the partner's public key cannot be used.
var ErrKey = errors.New("the partner's key is not usable")

func (k Kind) curve() ecdh.Curve {
	switch k {
	case X25519:
		return ecdh.X25519()
	case P256:
		return ecdh.P256()
	}
	return nil
}

// KeyPair is ephemeral: one for each match.
type KeyPair struct {
	kind    Kind
	private *ecdh.PrivateKey
}

// NewKeyPair makes a fresh pair.
func NewKeyPair(kind Kind) (*KeyPair, error) {
	curve := kind.curve()
	if curve == nil {
		return nil, fmt.Errorf("key pair: no kind %q: use %q or %q", kind, X25519, P256)
	}
	private, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key pair: %w", err)
	}
	return &KeyPair{kind, private}, nil
}

// Kind is the curve.
func (k *KeyPair) Kind() Kind { return k.kind }

// Public is the public half as it travels: kind, colon, base64url.
func (k *KeyPair) Public() string {
	return string(k.kind) + ":" + base64.RawURLEncoding.EncodeToString(k.private.PublicKey().Bytes())
}

// KindOf is what kind a public key says it is; "" for one that is unknown here.
func KindOf(public string) Kind {
	kind, _, _ := strings.Cut(public, ":")
	if k := Kind(kind); k.curve() != nil {
		return k
	}
	return ""
}

// KeyID binds a match to both public keys: 48 bits. On the wire it is 12 hexadecimal digits.
func KeyID(match, initiator, responder string) uint64 {
	sum := sha256.Sum256([]byte("passerby.v1 key-id\n" + match + "\n" + initiator + "\n" + responder))
	return binary.BigEndian.Uint64(append([]byte{0, 0}, sum[:6]...))
}

// Keys are all keys of one match.
type Keys struct {
	ID            uint64
	Match         string
	Send, Receive Direction
}

// Direction holds the keys of one direction.
type Direction struct {
	Video, Audio FrameKey
	// VideoBase and AudioBase are the 32 bytes that those come from; they open a recording, so give them to nobody.
	VideoBase, AudioBase []byte

	commit       [32]byte
	text, signal cipher.AEAD
}

// Commit is what a sender of these keys commits to where the server records media for reports.
func (d *Direction) Commit() string { return base64.RawURLEncoding.EncodeToString(d.commit[:]) }

// String is the key id as it travels.
func (k *Keys) String() string { return fmt.Sprintf("%012x", k.ID) }

// Agree derives the keys of a match with whoever has that public key.
func (k *KeyPair) Agree(match, peer string, initiator bool) (*Keys, error) {
	z, err := k.secret(peer)
	if err != nil {
		return nil, err
	}
	first, second := peer, k.Public()
	if initiator {
		first, second = second, first
	}
	keys := &Keys{ID: KeyID(match, first, second), Match: match}
	fromInitiator, fromResponder := &keys.Receive, &keys.Send
	if initiator {
		fromInitiator, fromResponder = fromResponder, fromInitiator
	}
	if err := fromInitiator.derive(z, keys, "i"); err != nil {
		return nil, err
	}
	return keys, fromResponder.derive(z, keys, "r")
}

func (k *KeyPair) secret(peer string) ([]byte, error) {
	kind, raw, _ := strings.Cut(peer, ":")
	if Kind(kind) != k.kind {
		return nil, fmt.Errorf("%w: it is of kind %.20q, the own one is %q", ErrKey, kind, k.kind)
	}
	point, err := base64.RawURLEncoding.DecodeString(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	public, err := k.kind.curve().NewPublicKey(point)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	z, err := k.private.ECDH(public) // refuses a secret of zeros
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return z, nil
}

func (d *Direction) derive(z []byte, keys *Keys, side string) (err error) {
	base := func(purpose string) []byte {
		b, e := hkdf.Key(sha256.New, z, []byte(keys.Match), "passerby.v1 "+purpose+" "+side+" "+keys.String(), 32)
		err = errors.Join(err, e)
		return b
	}
	aead := func(key []byte) cipher.AEAD {
		block, e := aes.NewCipher(key)
		if e != nil {
			err = errors.Join(err, e)
			return nil
		}
		a, e := cipher.NewGCM(block)
		err = errors.Join(err, e)
		return a
	}
	d.VideoBase, d.AudioBase = base("video"), base("audio")
	d.text, d.signal = aead(base("text")), aead(base("signal"))
	for _, f := range []struct {
		to   *FrameKey
		base []byte
	}{{&d.Video, d.VideoBase}, {&d.Audio, d.AudioBase}} {
		var e error
		*f.to, e = NewFrameKey(f.base, keys.ID)
		err = errors.Join(err, e)
	}
	raw := base64.RawURLEncoding.EncodeToString
	d.commit = sha256.Sum256([]byte("passerby.v1 media\n" + keys.Match + "\n" + side + "\n" + keys.String() + "\n" + raw(d.AudioBase) + "\n" + raw(d.VideoBase)))
	return err
}
