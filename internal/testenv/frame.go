package testenv

import (
	"encoding/binary"
	"errors"
)

// Sealed is one encrypted frame, taken apart:
//
//	| clear bytes | config, KID, CTR | ciphertext, tag |
type Sealed struct {
	Clear, Header, Body []byte
	KID, CTR            uint64
}

// ErrFrame says that bytes are no encrypted frame.
var ErrFrame = errors.New("not an encrypted frame")

// ClearVideo is how many bytes of a VP8 frame stay clear.
func ClearVideo(frame []byte) int {
	if len(frame) > 0 && frame[0]&1 == 0 {
		return 10
	}
	return 3
}

// ClearAudio is how many bytes of an Opus frame stay clear.
const ClearAudio = 1

// Split takes a frame apart whose first `clear` bytes are in the clear.
func Split(frame []byte, clear int) (Sealed, error) {
	if len(frame) < clear+1 {
		return Sealed{}, ErrFrame
	}
	s, rest := Sealed{Clear: frame[:clear]}, frame[clear:]
	config, at := rest[0], 1
	read := func(nibble byte) (v uint64, ok bool) {
		if nibble < 8 {
			return uint64(nibble), true
		}
		n := int(nibble&7) + 1
		if len(rest) < at+n {
			return 0, false
		}
		v = binary.BigEndian.Uint64(append(make([]byte, 8-n, 8), rest[at:at+n]...))
		at += n
		return v, true
	}
	var ok1, ok2 bool
	s.KID, ok1 = read(config >> 4)
	s.CTR, ok2 = read(config & 15)
	if !ok1 || !ok2 || len(rest) < at+16 {
		return Sealed{}, ErrFrame
	}
	s.Header, s.Body = rest[:at], rest[at:]
	return s, nil
}

// Seal encrypts a frame but for its first clear bytes, under a key id of six bytes and a counter of two.
func (k FrameKey) Seal(frame []byte, clear int, kid uint64, ctr uint16) []byte {
	header := append([]byte{0xd9}, binary.BigEndian.AppendUint64(nil, kid)[2:]...)
	header = binary.BigEndian.AppendUint16(header, ctr)
	aad := append(append([]byte(nil), header...), frame[:clear]...)
	return k.aead.Seal(append(append([]byte(nil), frame[:clear]...), header...), k.nonce(uint64(ctr)), frame[clear:], aad)
}

func (k FrameKey) nonce(ctr uint64) []byte {
	nonce := append([]byte(nil), k.salt...)
	for i := range 8 {
		nonce[4+i] ^= byte(ctr >> (56 - 8*i))
	}
	return nonce
}

// Open decrypts a frame: clear bytes and what follows them.
func (k FrameKey) Open(s Sealed) ([]byte, error) {
	aad := append(append([]byte(nil), s.Header...), s.Clear...)
	plain, err := k.aead.Open(nil, k.nonce(s.CTR), s.Body, aad)
	if err != nil {
		return nil, err
	}
	return append(append([]byte(nil), s.Clear...), plain...), nil
}
