package stream

import "encoding/binary"

var errH264Short = wrapMalformed("h264: payload ends inside its headers")

// Types of NAL units (ITU-T H.264 table 7-1, RFC 6184 §5.2).
const (
	nalIDR   = 5
	nalSEI   = 6
	nalSPS   = 7
	nalSTAPA = 24
)

// h264Head is how many bytes of an SEI unit are looked at: a header of RFC 9605 has at most 17, and each two zeros an escape.
const h264Head = 26

// inspectH264 reads an RTP payload of RFC 6184. Browsers put an SEI unit with nothing but the SFrame header in front of a
// sealed frame, so that is where a frame begins; the parameter sets of a key frame fit the same packet.
func inspectH264(b []byte) (f Frame, err error) {
	f.Descriptor.codec = CodecH264
	if len(b) < 2 {
		return f, errH264Short
	}
	var first []byte
	switch b[0] & 0x1f {
	case nalSEI:
		first = b[1:]
	case nalSTAPA:
		for i, rest := 0, b[1:]; len(rest) > 0; i++ {
			if len(rest) < 3 {
				return f, errH264Short
			}
			size := int(binary.BigEndian.Uint16(rest))
			if size == 0 || len(rest) < 2+size {
				return f, errH264Short
			}
			unit := rest[2 : 2+size]
			switch kind := unit[0] & 0x1f; {
			case i == 0 && kind == nalSEI:
				first = unit[1:]
			case kind == nalIDR, kind == nalSPS:
				f.Key = true
			}
			rest = rest[2+size:]
		}
	}
	if first == nil {
		f.Key = false
		return f, nil
	}
	f.Start, f.Descriptor.Start = true, true
	var plain [h264Head]byte
	f.key(unescape(plain[:0], first[:min(len(first), h264Head)]))
	return f, nil
}

// unescape appends b without its emulation prevention (ITU-T H.264 §7.4.1): a 3 after two zeros.
func unescape(dst, b []byte) []byte {
	zeros := 0
	for _, c := range b {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if c == 0 {
			zeros++
		} else {
			zeros = 0
		}
		dst = append(dst, c)
	}
	return dst
}
