package turn

import (
	"encoding/binary"
	"errors"
	"net/netip"
)

// The parts of STUN (RFC 8489) and TURN (RFC 8656) that packets need; message.go has those of requests.
const (
	magicCookie          = 0x2112A442
	typeBinding          = 0x0001
	typeAllocate         = 0x0003
	typeRefresh          = 0x0004
	typeCreatePermission = 0x0008
	typeChannelBind      = 0x0009
	typeConnect          = 0x000A // RFC 6062, as the next two
	typeConnectionBind   = 0x000B
	typeSend             = 0x0016
	typeData             = 0x0017

	typeConnectionAttempt = 0x001C

	stunHeader   = 20
	channelBytes = 4
	dataHeader4  = stunHeader + 12 + 4 // XOR-PEER-ADDRESS of IPv4, head of DATA
	dataHeader6  = stunHeader + 24 + 4
)

var errSTUN = errors.New("not a STUN message")

// stunType checks the head of a STUN message and returns its type.
func stunType(b []byte) (uint16, error) {
	if len(b) < stunHeader || b[0] > 0x3f || binary.BigEndian.Uint32(b[4:]) != magicCookie ||
		int(binary.BigEndian.Uint16(b[2:])) != len(b)-stunHeader || len(b)%4 != 0 {
		return 0, errSTUN
	}
	return binary.BigEndian.Uint16(b), nil
}

// attributes walks the attributes of a message whose head was checked, until f says stop. It tells whether all were well formed.
func attributes(b []byte, f func(kind uint16, value []byte) (more bool)) bool {
	for b = b[stunHeader:]; len(b) > 0; {
		if len(b) < 4 {
			return false
		}
		kind, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		padded := (n + 3) &^ 3
		if len(b)-4 < padded {
			return false
		}
		if !f(kind, b[4:4+n]) {
			return true
		}
		b = b[4+padded:]
	}
	return true
}

// parseSend reads a Send indication whose head was checked (RFC 8656, section 11.2): where its payload lies in b, and for whom it is. The first of a repeated
// attribute counts. ok is false when something is missing or malformed, or when what it asks for beyond that is not understood.
func parseSend(b []byte) (payload []byte, peer netip.AddrPort, ok bool) {
	hasPeer, hasData, understood := false, false, true
	whole := attributes(b, func(kind uint16, value []byte) bool {
		switch {
		case kind == attrXORPeer && !hasPeer:
			peer, hasPeer = xorAddress(value, b)
			understood = hasPeer
		case kind == attrData && !hasData:
			payload, hasData = value, true
		case kind < 0x8000 && kind != attrXORPeer && kind != attrData:
			understood = false // DONT-FRAGMENT among them
		}
		return understood
	})
	return payload, peer, whole && understood && hasPeer && hasData
}

// xorAddress decodes an XOR-…-ADDRESS attribute (RFC 8489, section 14.2) of message b.
func xorAddress(v, b []byte) (netip.AddrPort, bool) {
	if len(v) != 8 && len(v) != 20 {
		return netip.AddrPort{}, false
	}
	port := binary.BigEndian.Uint16(v[2:]) ^ magicCookie>>16
	switch {
	case v[1] == 1 && len(v) == 8:
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(v[4:])^magicCookie)
		return netip.AddrPortFrom(netip.AddrFrom4(a), port), true
	case v[1] == 2 && len(v) == 20:
		var a [16]byte
		for i := range a {
			a[i] = v[4+i] ^ b[4+i]
		}
		return netip.AddrPortFrom(netip.AddrFrom16(a), port), true
	}
	return netip.AddrPort{}, false
}

// channelData reads a ChannelData message of a datagram (RFC 8656, section 12.5): padding behind it is allowed, and not part of it.
// Numbers above 0x4fff are of RFC 5766; coturn's client uses them.
func channelData(b []byte) (number uint16, payload []byte, ok bool) {
	if len(b) < channelBytes {
		return 0, nil, false
	}
	number, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
	if number < 0x4000 || number > 0x7fff || n > len(b)-channelBytes {
		return 0, nil, false
	}
	return number, b[channelBytes : channelBytes+n], true
}

// putData writes the head of a Data indication into h, which ends where the payload of n bytes begins, and returns how many bytes
// it took from the end of h. The payload must be padded with zeros to a multiple of four behind it.
func putData(h []byte, peer netip.AddrPort, n int, id [12]byte) int {
	size := dataHeader4
	if peer.Addr().Is6() {
		size = dataHeader6
	}
	h = h[len(h)-size:]
	binary.BigEndian.PutUint16(h, typeData)
	binary.BigEndian.PutUint16(h[2:], uint16(size-stunHeader+(n+3)&^3)) //nolint:gosec // datagrams are short
	binary.BigEndian.PutUint32(h[4:], magicCookie)
	copy(h[8:], id[:])
	binary.BigEndian.PutUint16(h[20:], attrXORPeer)
	binary.BigEndian.PutUint16(h[22:], 8)
	h[24] = 0
	binary.BigEndian.PutUint16(h[26:], peer.Port()^magicCookie>>16)
	if peer.Addr().Is6() {
		binary.BigEndian.PutUint16(h[22:], 20)
		h[25] = 2
		for i, x := range peer.Addr().As16() {
			h[28+i] = x ^ h[4+i]
		}
	} else {
		h[25] = 1
		a := peer.Addr().As4()
		binary.BigEndian.PutUint32(h[28:], binary.BigEndian.Uint32(a[:])^magicCookie)
	}
	binary.BigEndian.PutUint16(h[size-4:], attrData)
	binary.BigEndian.PutUint16(h[size-2:], uint16(n)) //nolint:gosec // datagrams are short
	return size
}
