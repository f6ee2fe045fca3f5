package udp

import (
	"bytes"
	"encoding/binary"

	"github.com/pion/stun/v4"
)

// The kinds of datagrams that share a port, told apart by their first byte (RFC 7983 §7).
const (
	kindOther = iota // ZRTP, TURN channel, QUIC, nothing at all
	kindSTUN
	kindDTLS
	kindMedia // SRTP, SRTCP
)

func kindOf(b []byte) int {
	if len(b) == 0 {
		return kindOther
	}
	switch c := b[0]; {
	case c < 4:
		if len(b) >= stunHeader && binary.BigEndian.Uint32(b[4:]) == stunCookie {
			return kindSTUN
		}
	case c >= 20 && c < 64:
		return kindDTLS
	case c >= 128 && c < 192:
		return kindMedia
	}
	return kindOther
}

// IsMedia reports whether a datagram is SRTP or SRTCP.
func IsMedia(b []byte) bool { return kindOf(b) == kindMedia }

// RFC 8489 §5 and §18.
const (
	stunHeader     = 20 // bytes
	stunCookie     = 0x2112A442
	bindingRequest = 0x0001
	indication     = 0x0011
	success        = 0x0101
	attrUsername   = 0x0006
	maxUsername    = 513 // bytes, RFC 8489 §14.3
)

func stunType(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

func transaction(b []byte) []byte { return b[8:stunHeader] }

// localUfrag is what stands before the colon in the USERNAME of a STUN message: the ufrag of who receives it (RFC 8445 §7.2.2).
func localUfrag(b []byte) ([]byte, bool) {
	end := stunHeader + int(binary.BigEndian.Uint16(b[2:]))
	if end != len(b) {
		return nil, false
	}
	for rest := b[stunHeader:]; len(rest) >= 4; {
		n := int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return nil, false
		}
		if binary.BigEndian.Uint16(rest) == attrUsername {
			ufrag, _, found := bytes.Cut(rest[4:4+n], []byte{':'})
			return ufrag, found && len(ufrag) > 0 && n <= maxUsername
		}
		rest = rest[min(4+(n+3)&^3, len(rest)):]
	}
	return nil, false
}

// challenge is a connectivity check of our own. The other side answers it as any ICE agent that is not lite must (RFC 8445 §7.3).
func challenge(id [stun.TransactionIDSize]byte, username, password string) ([]byte, error) {
	m, err := stun.Build(stun.BindingRequest, stun.NewTransactionIDSetter(id), stun.NewUsername(username),
		// Controlled, as an ICE-lite agent is beside a full one; the tie-breaker is the smallest, so that no role changes.
		stun.RawAttribute{Type: stun.AttrICEControlled, Length: 8, Value: make([]byte, 8)},
		stun.RawAttribute{Type: stun.AttrPriority, Length: 4, Value: []byte{0x7e, 0xff, 0xff, 0xff}},
		stun.NewShortTermIntegrity(password), stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	return m.Raw, nil
}
