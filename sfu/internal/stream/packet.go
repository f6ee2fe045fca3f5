package stream

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed is wrapped by every parse error of this package.
var ErrMalformed = errors.New("malformed")

var (
	errRTPShort     = wrapMalformed("rtp: packet is too short")
	errRTPVersion   = wrapMalformed("rtp: version is not 2")
	errRTPExtension = wrapMalformed("rtp: header extension is longer than the packet")
	errRTPPadding   = wrapMalformed("rtp: padding is longer than the payload")
)

type malformed string

func wrapMalformed(s string) error       { return malformed(s) }
func (m malformed) Error() string        { return string(m) }
func (m malformed) Is(target error) bool { return target == ErrMalformed }

// Packet is a parsed RTP packet (RFC 3550 §5.1). Payload and the header
// extension point into the parsed bytes. Padding is cut off: a packet of
// padding alone has an empty payload.
type Packet struct {
	Payload     []byte
	extension   []byte
	Timestamp   uint32
	SSRC        uint32
	Seq         uint16
	profile     uint16
	PayloadType uint8
	Marker      bool
}

// Parse reads an RTP packet. The error is ErrMalformed.
func Parse(b []byte) (Packet, error) {
	var p Packet
	if len(b) < 12 {
		return p, errRTPShort
	}
	if b[0]>>6 != 2 {
		return p, errRTPVersion
	}
	p.Marker = b[1]&0x80 != 0
	p.PayloadType = b[1] & 0x7f
	p.Seq = binary.BigEndian.Uint16(b[2:])
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	n := 12 + 4*int(b[0]&0x0f)
	if len(b) < n {
		return p, errRTPShort
	}
	if b[0]&0x10 != 0 {
		if len(b) < n+4 {
			return p, errRTPExtension
		}
		p.profile = binary.BigEndian.Uint16(b[n:])
		size := 4 * int(binary.BigEndian.Uint16(b[n+2:]))
		n += 4
		if len(b) < n+size {
			return p, errRTPExtension
		}
		p.extension = b[n : n+size]
		n += size
	}
	p.Payload = b[n:]
	if b[0]&0x20 != 0 {
		if len(p.Payload) == 0 {
			return p, errRTPPadding
		}
		pad := int(p.Payload[len(p.Payload)-1])
		if pad == 0 || pad > len(p.Payload) {
			return p, errRTPPadding
		}
		p.Payload = p.Payload[:len(p.Payload)-pad]
	}
	return p, nil
}

// Extension gives the value of the header extension element id, in the one or
// two byte form of RFC 8285, or nil.
func (p *Packet) Extension(id uint8) []byte {
	b := p.extension
	switch {
	case id == 0:
		return nil
	case p.profile == 0xBEDE:
		for len(b) > 0 {
			if b[0] == 0 { // padding
				b = b[1:]
				continue
			}
			this, size := b[0]>>4, int(b[0]&0x0f)+1
			if this == 15 || len(b) < 1+size {
				return nil
			}
			if this == id {
				return b[1 : 1+size]
			}
			b = b[1+size:]
		}
	case p.profile&0xfff0 == 0x1000:
		for len(b) > 0 {
			if b[0] == 0 {
				b = b[1:]
				continue
			}
			if len(b) < 2 {
				return nil
			}
			this, size := b[0], int(b[1])
			if len(b) < 2+size {
				return nil
			}
			if this == id {
				return b[2 : 2+size]
			}
			b = b[2+size:]
		}
	}
	return nil
}
