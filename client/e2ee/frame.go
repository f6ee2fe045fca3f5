package e2ee

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// How many bytes of a frame stay clear: what packetisers, depacketisers and the server must see.
const (
	ClearOpus     = 1
	ClearVP8Key   = 10
	ClearVP8Delta = 3
)

const suite = 4 // AES_128_GCM_SHA256_128

// ClearVP8 is how many bytes of a VP8 frame stay clear, and whether it is a key frame (RFC 6386 §9.1).
func ClearVP8(frame []byte) (clear int, key bool) {
	if len(frame) > 0 && frame[0]&1 == 0 {
		return ClearVP8Key, true
	}
	return ClearVP8Delta, false
}

// FrameKey seals and opens frames of one kind and direction.
type FrameKey struct {
	aead cipher.AEAD
	salt [12]byte
}

// NewFrameKey derives it from a base key (RFC 9605 §4.4.2).
func NewFrameKey(base []byte, kid uint64) (f FrameKey, err error) {
	expand := func(label string, size int) ([]byte, error) {
		info := binary.BigEndian.AppendUint64([]byte("SFrame 1.0 Secret "+label+" "), kid)
		return hkdf.Key(sha256.New, base, nil, string(binary.BigEndian.AppendUint16(info, suite)), size)
	}
	key, err := expand("key", 16)
	if err != nil {
		return f, fmt.Errorf("frame key: %w", err)
	}
	salt, err := expand("salt", len(f.salt))
	if err != nil {
		return f, fmt.Errorf("frame salt: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return f, err
	}
	copy(f.salt[:], salt)
	f.aead, err = cipher.NewGCM(block)
	return f, err
}

// Sealed is a frame taken apart.
type Sealed struct {
	Clear, Header, Body []byte
	KID, CTR            uint64
}

// Split takes a frame apart whose first `clear` bytes are in the clear. What it gives shares the frame's memory.
func Split(frame []byte, clear int) (Sealed, error) {
	if len(frame) < clear+1 {
		return Sealed{}, fmt.Errorf("frame: %w: too short", ErrSealed)
	}
	s, rest := Sealed{Clear: frame[:clear]}, frame[clear:]
	config, at := rest[0], 1
	field := func(nibble byte) (v uint64) {
		if nibble < 8 {
			return uint64(nibble)
		}
		for end := at + int(nibble&7) + 1; at < end; at++ {
			if at < len(rest) {
				v = v<<8 | uint64(rest[at])
			}
		}
		return v
	}
	s.KID = field(config >> 4)
	s.CTR = field(config & 15)
	if len(rest) < at+tagSize {
		return Sealed{}, fmt.Errorf("frame: %w: too short", ErrSealed)
	}
	s.Header, s.Body = rest[:at], rest[at:]
	return s, nil
}

// Open decrypts a frame: clear bytes and what follows them.
func (f FrameKey) Open(s Sealed) ([]byte, error) {
	aad := append(append(make([]byte, 0, len(s.Header)+len(s.Clear)), s.Header...), s.Clear...)
	out := append(make([]byte, 0, len(s.Clear)+len(s.Body)), s.Clear...)
	out, err := f.aead.Open(out, f.nonce(s.CTR), s.Body, aad)
	if err != nil {
		return nil, fmt.Errorf("frame: %w", ErrSealed)
	}
	return out, nil
}

// Seal encrypts a frame but for its first clear bytes. A counter may be used once with a key, whatever the frame: see Sender.
func (f FrameKey) Seal(frame []byte, clear int, kid, ctr uint64) []byte {
	clear = min(clear, len(frame))
	header := appendHeader(make([]byte, 0, 1+8+8), kid, ctr)
	out := make([]byte, 0, len(frame)+len(header)+tagSize)
	out = append(append(out, frame[:clear]...), header...)
	return f.aead.Seal(out, f.nonce(ctr), frame[clear:], append(header, frame[:clear]...))
}

// appendHeader is RFC 9605 §4.3 with a KID of six bytes, so that the server finds it at a fixed place.
func appendHeader(dst []byte, kid, ctr uint64) []byte {
	config, size := byte(8|5)<<4, 0
	if ctr < 8 {
		config |= byte(ctr)
	} else {
		for size = 1; size < 8 && ctr>>(8*size) != 0; size++ {
		}
		config |= 8 | byte(size-1)
	}
	dst = append(dst, config)
	dst = append(dst, binary.BigEndian.AppendUint64(nil, kid)[2:]...)
	return append(dst, binary.BigEndian.AppendUint64(nil, ctr)[8-size:]...)
}

func (f FrameKey) nonce(ctr uint64) []byte {
	nonce := f.salt
	for i := range 8 {
		nonce[4+i] ^= byte(ctr >> (56 - 8*i))
	}
	return nonce[:]
}
