package turn

import (
	"encoding/binary"
	"net/netip"
)

// How answers are written: appended to a slice, whose head always tells the length so far.

const (
	classSuccess = 0x0100
	classError   = 0x0110
)

// appendHead begins the answer to a message.
func appendHead(b []byte, kind uint16, id [12]byte) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = append(b, 0, 0)
	b = binary.BigEndian.AppendUint32(b, magicCookie)
	return append(b, id[:]...)
}

// appendAttribute adds an attribute to a message that begins with b.
func appendAttribute(b []byte, kind uint16, value ...byte) []byte {
	b = binary.BigEndian.AppendUint16(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(value))) //nolint:gosec // ours are short
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)-stunHeader)) //nolint:gosec // ours are short
	return b
}

// appendAddress adds an XOR-…-ADDRESS (RFC 8489, section 14.2).
func appendAddress(b []byte, kind uint16, a netip.AddrPort) []byte {
	var v [20]byte
	binary.BigEndian.PutUint16(v[2:], a.Port()^magicCookie>>16)
	if a.Addr().Is4() {
		v[1] = family4
		x := a.Addr().As4()
		binary.BigEndian.PutUint32(v[4:], binary.BigEndian.Uint32(x[:])^magicCookie)
		return appendAttribute(b, kind, v[:8]...)
	}
	v[1] = family6
	for i, x := range a.Addr().As16() {
		v[4+i] = x ^ b[4+i]
	}
	return appendAttribute(b, kind, v[:]...)
}

func appendUint32(b []byte, kind uint16, v uint32) []byte {
	return appendAttribute(b, kind, byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
}

// appendError adds an ERROR-CODE without words: the codes are for programs, and an answer to strangers should be short.
func appendError(b []byte, code int) []byte {
	return appendAttribute(b, attrErrorCode, 0, 0, byte(code/100), byte(code%100))
}

func appendFingerprint(b []byte) []byte {
	at := len(b)
	b = appendUint32(b, attrFingerprint, 0)
	binary.BigEndian.PutUint32(b[at+4:], fingerprint(b[:at]))
	return b
}
