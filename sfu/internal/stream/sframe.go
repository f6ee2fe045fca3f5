package stream

var (
	errSFrameShort = wrapMalformed("sframe: header ends early")
)

// SFrame is the header of RFC 9605 §4.3. The config byte is X|K(3)|Y|C(3): X
// says that the key id follows in K+1 bytes (else it is K itself), Y the same
// for the counter.
type SFrame struct {
	KeyID   uint64
	Counter uint64
	Size    int // bytes of the header
}

// ParseSFrame reads the header at the start of b.
func ParseSFrame(b []byte) (SFrame, error) {
	var h SFrame
	if len(b) < 1 {
		return h, errSFrameShort
	}
	config := b[0]
	n := 1
	h.KeyID = uint64(config >> 4 & 7)
	if config&0x80 != 0 {
		size := int(config>>4&7) + 1
		if len(b) < n+size {
			return h, errSFrameShort
		}
		h.KeyID = bigEndian(b[n : n+size])
		n += size
	}
	h.Counter = uint64(config & 7)
	if config&0x08 != 0 {
		size := int(config&7) + 1
		if len(b) < n+size {
			return h, errSFrameShort
		}
		h.Counter = bigEndian(b[n : n+size])
		n += size
	}
	h.Size = n
	return h, nil
}

func bigEndian(b []byte) uint64 {
	var v uint64
	for _, c := range b {
		v = v<<8 | uint64(c)
	}
	return v
}
