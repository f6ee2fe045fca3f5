package evidence

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
)

// MediaKeys are the base keys (docs/security.md) of what one side of a match sends, 32 bytes each.
type MediaKeys struct {
	Audio, Video []byte
}

// Side is the direction of a match: who sends.
type Side string

// The sides.
const (
	Initiator Side = "i"
	Responder Side = "r"
)

// Commit computes what the sender of these keys commits to: AES-GCM by itself does not bind a ciphertext to one key, so
// that without it a reporter could look for another key under which the same bytes open to something else.
func (k MediaKeys) Commit(match string, side Side, keyID string) []byte {
	raw := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256([]byte("passerby.v1 media\n" + match + "\n" + string(side) + "\n" + keyID + "\n" + raw(k.Audio) + "\n" + raw(k.Video)))
	return sum[:]
}

// Clear bytes before the SFrame header, and the tag behind the ciphertext.
const (
	clearOpus     = 1
	clearVP8Key   = 10
	clearVP8Delta = 3
	tagSize       = 16
	suite         = 4 // AES_128_GCM_SHA256_128
)

var errFrame = errors.New("the frame does not open")

// opener opens the frames of one kind (RFC 9605).
type opener struct {
	aead  cipher.AEAD
	salt  []byte
	keyID uint64
}

func newOpener(base []byte, keyID uint64) (*opener, error) {
	expand := func(label string, size int) ([]byte, error) {
		info := append([]byte("SFrame 1.0 Secret "+label), make([]byte, 10)...)
		binary.BigEndian.PutUint64(info[len(info)-10:], keyID)
		binary.BigEndian.PutUint16(info[len(info)-2:], suite)
		return hkdf.Key(sha256.New, base, nil, string(info), size)
	}
	key, err := expand("key ", 16)
	if err != nil {
		return nil, err
	}
	salt, err := expand("salt ", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	return &opener{aead: aead, salt: salt, keyID: keyID}, err
}

// open gives the encoder's frame back, of which so many bytes are clear.
func (o *opener) open(frame []byte, clear int) ([]byte, error) {
	if len(frame) < clear {
		return nil, errFrame
	}
	keyID, counter, size, ok := header(frame[clear:])
	if !ok || keyID != o.keyID || len(frame) < clear+size+tagSize {
		return nil, errFrame
	}
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], counter)
	for i := range nonce {
		nonce[i] ^= o.salt[i]
	}
	aad := append(append([]byte(nil), frame[clear:clear+size]...), frame[:clear]...)
	plain, err := o.aead.Open(nil, nonce, frame[clear+size:], aad)
	if err != nil {
		return nil, errFrame
	}
	return append(append([]byte(nil), frame[:clear]...), plain...), nil
}

// seal is open's inverse.
func (o *opener) seal(frame []byte, clear int, counter uint64) []byte {
	head := append([]byte{0x80 | 5<<4 | 8 | 7}, binary.BigEndian.AppendUint64(nil, o.keyID)[2:]...)
	head = binary.BigEndian.AppendUint64(head, counter)
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], counter)
	for i := range nonce {
		nonce[i] ^= o.salt[i]
	}
	out := append(append([]byte(nil), frame[:clear]...), head...)
	return o.aead.Seal(out, nonce, frame[clear:], append(head, frame[:clear]...))
}

// header reads the header of RFC 9605 §4.3.
func header(b []byte) (keyID, counter uint64, size int, ok bool) {
	if len(b) < 1 {
		return 0, 0, 0, false
	}
	at := 1
	field := func(nibble byte) uint64 {
		if nibble < 8 {
			return uint64(nibble)
		}
		var v uint64
		for end := at + int(nibble&7) + 1; at < end; at++ {
			if at < len(b) {
				v = v<<8 | uint64(b[at])
			}
		}
		return v
	}
	keyID = field(b[0] >> 4)
	counter = field(b[0] & 15)
	return keyID, counter, at, at <= len(b)
}

// clearVideo is how many bytes of a VP8 frame are clear. Bit 0 of the first is clear in key frames (RFC 6386 §9.1).
func clearVideo(frame []byte) (clear int, key bool) {
	if len(frame) > 0 && frame[0]&1 == 0 {
		return clearVP8Key, true
	}
	return clearVP8Delta, false
}

// Same says whether two commitments are the same.
func Same(a, b []byte) bool { return len(a) == sha256.Size && bytes.Equal(a, b) }
