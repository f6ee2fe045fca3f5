package link

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

const (
	sealed   = 0x80 // the first byte of a sealed frame
	head     = 8    // bytes before the ciphertext
	tag      = 16
	overhead = head + tag // bytes that a seal adds
	keySize  = 32
	saltSize = 12
)

// direction is one way of a link: a key, and the nonces already used. It is not safe
// for concurrent use. Nothing allocates.
type direction struct {
	aead    cipher.AEAD
	salt    [saltSize]byte
	nonce   [saltSize]byte // scratch
	counter uint64         // sending: of the last frame
	seen    window         // receiving
}

// init takes keySize bytes of key and saltSize of salt.
func (d *direction) init(key, salt []byte) error {
	block, err := aes.NewCipher(key)
	if err != nil {
		return fmt.Errorf("link: frame key: %w", err)
	}
	if d.aead, err = cipher.NewGCM(block); err != nil {
		return fmt.Errorf("link: frame key: %w", err)
	}
	copy(d.salt[:], salt)
	return nil
}

func (d *direction) nonceOf(counter uint64) []byte {
	d.nonce = d.salt
	low := d.nonce[saltSize-8:]
	binary.BigEndian.PutUint64(low, binary.BigEndian.Uint64(low)^counter)
	return d.nonce[:]
}

// seal appends the sealed frame to dst, which has room for overhead bytes more than the frame.
func (d *direction) seal(dst, frame []byte) []byte {
	d.counter++
	start := len(dst)
	dst = binary.BigEndian.AppendUint64(dst, sealed<<56|d.counter)
	return d.aead.Seal(dst, d.nonceOf(d.counter), frame, dst[start:])
}

// open gives the frame in a datagram, in place. ok is false when it was not sealed
// under this key, or came before.
func (d *direction) open(b []byte) (frame []byte, ok bool) {
	if len(b) < overhead || b[0] != sealed {
		return nil, false
	}
	counter := binary.BigEndian.Uint64(b) &^ (0xff << 56)
	if !d.seen.fresh(counter) {
		return nil, false
	}
	frame, err := d.aead.Open(b[head:head], d.nonceOf(counter), b[head:], b[:head])
	if err != nil {
		return nil, false
	}
	d.seen.add(counter)
	return frame, true
}

// window remembers which of the last windowSize numbers came (RFC 4303 §3.4.3).
// Number 0 never counts as fresh.
type window struct {
	highest uint64
	bits    [windowSize / 64]uint64 // number n at n modulo windowSize
}

const windowSize = 4096

func (w *window) fresh(n uint64) bool {
	if n > w.highest {
		return true
	}
	return n > 0 && w.highest-n < windowSize && w.bits[n%windowSize/64]&(1<<(n%64)) == 0
}

func (w *window) add(n uint64) {
	if n > w.highest {
		if n-w.highest >= windowSize {
			clear(w.bits[:])
		} else {
			for i := w.highest + 1; i < n; i++ {
				w.bits[i%windowSize/64] &^= 1 << (i % 64)
			}
		}
		w.highest = n
	}
	w.bits[n%windowSize/64] |= 1 << (n % 64)
}
