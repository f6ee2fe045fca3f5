package stream

import "encoding/binary"

var (
	errVP8Short = wrapMalformed("vp8: payload ends inside the descriptor")
	errVP8Empty = wrapMalformed("vp8: no frame bytes after the descriptor")
)

// VP8 is the payload descriptor of RFC 7741 §4.2:
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|X|R|N|S|R| PID |
//	|I|L|T|K|  RSV  |   if X
//	|M| PictureID   |   if I
//	|   PictureID   |   if I and M
//	|   TL0PICIDX   |   if L
//	|TID|Y| KEYIDX  |   if T or K
type VP8 = Descriptor

// ParseVP8 reads the descriptor at the start of an RTP payload.
func ParseVP8(b []byte) (VP8, error) {
	var d VP8
	if len(b) < 1 {
		return d, errVP8Short
	}
	d.first = b[0]
	d.Start = b[0]&0x10 != 0 && b[0]&0x07 == 0
	n := 1
	if b[0]&0x80 != 0 {
		if len(b) < 2 {
			return d, errVP8Short
		}
		d.flags = b[1]
		n = 2
		if d.flags&0x80 != 0 {
			if len(b) < n+1 {
				return d, errVP8Short
			}
			d.HasPicture = true
			if b[n]&0x80 != 0 {
				if len(b) < n+2 {
					return d, errVP8Short
				}
				d.Wide = true
				d.PictureID = binary.BigEndian.Uint16(b[n:]) & 0x7fff
				n += 2
			} else {
				d.PictureID = uint16(b[n] & 0x7f)
				n++
			}
		}
		if d.flags&0x40 != 0 {
			if len(b) < n+1 {
				return d, errVP8Short
			}
			d.HasTL0 = true
			d.TL0 = b[n]
			n++
		}
		if d.flags&0x30 != 0 {
			if len(b) < n+1 {
				return d, errVP8Short
			}
			d.HasLayer = true
			d.HasKeyIdx = d.flags&0x10 != 0
			d.Layer = b[n]
			n++
		}
	}
	if len(b) <= n {
		return d, errVP8Empty
	}
	d.Size, d.tail = n, uint8(n)
	return d, nil
}

func (d *Descriptor) rewriteVP8(dst, payload []byte, out Out) int {
	dst[0] = d.first
	n := 1
	if d.first&0x80 != 0 {
		dst[1] = d.flags
		n = 2
		if d.HasPicture {
			binary.BigEndian.PutUint16(dst[n:], out.PictureID|0x8000)
			n += 2
		}
		if d.HasTL0 {
			dst[n] = out.TL0
			n++
		}
		if d.HasLayer {
			dst[n] = d.Layer
			if d.HasKeyIdx {
				dst[n] = d.Layer&0xe0 | out.KeyIdx&0x1f
			}
			n++
		}
	}
	return n + copy(dst[n:], payload[d.Size:])
}
