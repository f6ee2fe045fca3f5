package signaling

import "encoding/binary"

// framing follows the bytes of a client's WebSocket frames (RFC 6455 §5.2) and knows whether the next one begins a
// message:
//
//	FIN·RSV·opcode │ MASK·length │ longer length 0, 2 or 8 │ key 4 │ payload
//
// It judges nothing; that is for who reads the frames.
type framing struct {
	head    [14]byte
	got     uint8  // bytes of the head that have come
	open    bool   // a message has begun that is not at its end
	payload uint64 // bytes that are still to come of this frame
}

// between says that all that has come is whole messages and control frames.
func (f *framing) between() bool { return f.got == 0 && f.payload == 0 && !f.open }

// follow takes the next bytes.
func (f *framing) follow(p []byte) {
	for len(p) > 0 {
		if f.payload > 0 {
			n := min(f.payload, uint64(len(p)))
			f.payload -= n
			p = p[n:]
			continue
		}
		n := copy(f.head[f.got:f.headBytes()], p)
		f.got += uint8(n)
		p = p[n:]
		if f.got >= 2 && f.got == f.headBytes() {
			f.begin()
		}
	}
}

// headBytes is how long the head is, as far as that is known.
func (f *framing) headBytes() uint8 {
	if f.got < 2 {
		return 2
	}
	n := uint8(2)
	switch f.head[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if f.head[1]&0x80 != 0 {
		n += 4
	}
	return n
}

// begin takes in a head that is complete.
func (f *framing) begin() {
	switch f.payload = uint64(f.head[1] & 0x7f); f.payload {
	case 126:
		f.payload = uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		f.payload = binary.BigEndian.Uint64(f.head[2:])
	}
	if control := f.head[0]&0x08 != 0; !control {
		f.open = f.head[0]&0x80 == 0
	}
	f.got = 0
}
