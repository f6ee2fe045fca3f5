package evidence

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
)

// Seal seals one frame as the SDK does: what a sender would send.
func Seal(base []byte, keyID uint64, video bool, frame []byte, counter uint64) []byte {
	o, err := newOpener(base, keyID)
	if err != nil {
		panic(err)
	}
	clear := clearOpus
	if video {
		clear, _ = clearVideo(frame)
	}
	return o.seal(frame, clear, counter)
}

// Unseal is Seal's inverse.
func Unseal(base []byte, keyID uint64, video bool, frame []byte) ([]byte, error) {
	o, err := newOpener(base, keyID)
	if err != nil {
		return nil, err
	}
	clear := clearOpus
	if video {
		clear, _ = clearVideo(frame)
	}
	return o.open(frame, clear)
}

// Salamander makes a frame that opens under two base keys: the attack on ciphers that do not commit to their key. first and
// second are what the beginning becomes, 16 bytes each, behind the clear bytes.
func Salamander(a, b []byte, keyID, counter uint64, clear, first, second []byte) []byte {
	one, err1 := newOpener(a, keyID)
	two, err2 := newOpener(b, keyID)
	if err1 != nil || err2 != nil {
		panic("no keys")
	}
	head := one.seal(append(clear[:len(clear):len(clear)], make([]byte, 48)...), len(clear), counter)
	head = head[:len(head)-48-tagSize] // clear bytes and header
	aad := append(append([]byte(nil), head[len(clear):]...), clear...)
	text := make([]byte, 48) // one block for each key, one that balances the tags
	streams := [2][]byte{one.stream(counter, len(text)), two.stream(counter, len(text))}
	for i := range 16 {
		text[i] = first[i] ^ streams[0][i]
		text[16+i] = second[i] ^ streams[1][16+i]
	}
	// tag = GHASH(aad, text) + E(J0): equal under both keys when the last block is chosen right (NIST SP 800-38D §7.1).
	h1, e1 := one.hash(a, counter)
	h2, e2 := two.hash(b, counter)
	want := xor(xor(ghash(h1, aad, text), e1), xor(ghash(h2, aad, text), e2))
	factor := xor(mul(h1, h1), mul(h2, h2)) // of the last block, with the block of lengths behind it
	copy(text[32:], bytesOf(mul(want, inverse(factor))))
	tag := xor(ghash(h1, aad, text), e1)
	return append(append(head, text...), bytesOf(tag)...)
}

// element is one of GF(2^128), the bits in GCM's order.
type element [2]uint64

func elementOf(b []byte) element {
	var block [16]byte
	copy(block[:], b)
	return element{binary.BigEndian.Uint64(block[:]), binary.BigEndian.Uint64(block[8:])}
}

func bytesOf(e element) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, e[0]), e[1])
}

func xor(a, b element) element { return element{a[0] ^ b[0], a[1] ^ b[1]} }

func mul(a, b element) (z element) {
	for i := range 128 {
		if a[i/64]>>(63-i%64)&1 == 1 {
			z = xor(z, b)
		}
		low := b[1] & 1
		b = element{b[0] >> 1, b[1]>>1 | b[0]<<63}
		if low == 1 {
			b[0] ^= 0xe1 << 56
		}
	}
	return z
}

// inverse is a to the power of 2^128-2.
func inverse(a element) element {
	z := element{1 << 63}
	for range 127 {
		a = mul(a, a)
		z = mul(z, a)
	}
	return z
}

func ghash(h element, aad, text []byte) (y element) {
	for _, part := range [][]byte{aad, text} {
		for ; len(part) > 0; part = part[min(16, len(part)):] {
			y = mul(xor(y, elementOf(part[:min(16, len(part))])), h)
		}
	}
	return mul(xor(y, element{uint64(8 * len(aad)), uint64(8 * len(text))}), h)
}

func (o *opener) nonceOf(counter uint64) []byte {
	nonce := make([]byte, 12)
	binary.BigEndian.PutUint64(nonce[4:], counter)
	for i := range nonce {
		nonce[i] ^= o.salt[i]
	}
	return nonce
}

// stream is the key stream of a frame: what zeros become.
func (o *opener) stream(counter uint64, size int) []byte {
	return o.aead.Seal(nil, o.nonceOf(counter), make([]byte, size), nil)[:size]
}

// hash gives the hash key and the block that hides the tag.
func (o *opener) hash(base []byte, counter uint64) (h, e element) {
	// Of an empty message with empty additional data the tag is E(J0), since the block of lengths is zero.
	e = elementOf(o.aead.Seal(nil, o.nonceOf(counter), nil, nil))
	zero := make([]byte, 16)
	blockOf(base, o.keyID).Encrypt(zero, zero)
	return elementOf(zero), e
}

func blockOf(base []byte, keyID uint64) cipher.Block {
	info := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint64([]byte("SFrame 1.0 Secret key "), keyID), suite)
	key, err1 := hkdf.Key(sha256.New, base, nil, string(info), 16)
	block, err2 := aes.NewCipher(key)
	if err1 != nil || err2 != nil {
		panic("no key")
	}
	return block
}
