package stream

import "encoding/binary"

var (
	errVP9Short = wrapMalformed("vp9: payload ends inside the descriptor")
	errVP9Empty = wrapMalformed("vp9: no frame bytes after the descriptor")
)

// The first byte of the payload descriptor of RFC 9628 §4.2:
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|I|P|L|F|B|E|V|Z|
//	|M| PictureID   |   if I
//	|   PictureID   |   if I and M
//	|TID|U| SID |D  |   if L
//	|   TL0PICIDX   |   if L and not F
//	| P_DIFF    |N  |   if F and P, up to three
//	| scalability … |   if V
const (
	vp9Picture  = 0x80
	vp9Inter    = 0x40
	vp9Layers   = 0x20
	vp9Flexible = 0x10
	vp9Begin    = 0x08
	vp9Scaling  = 0x02
)

// ParseVP9 reads the descriptor at the start of an RTP payload. key says that a picture begins that needs none before it.
func ParseVP9(b []byte) (d Descriptor, key bool, err error) {
	if len(b) < 1 {
		return d, false, errVP9Short
	}
	d.codec, d.first = CodecVP9, b[0]
	n := 1
	if d.first&vp9Picture != 0 {
		if len(b) <= n {
			return d, false, errVP9Short
		}
		d.HasPicture, d.PictureID = true, uint16(b[n]&0x7f)
		if b[n]&0x80 != 0 {
			if len(b) <= n+1 {
				return d, false, errVP9Short
			}
			d.Wide, d.PictureID = true, binary.BigEndian.Uint16(b[n:])&0x7fff
			n++
		}
		n++
	}
	if d.first&vp9Layers != 0 {
		if len(b) <= n {
			return d, false, errVP9Short
		}
		d.HasLayer, d.Layer = true, b[n]
		n++
		if d.first&vp9Flexible == 0 {
			if len(b) <= n {
				return d, false, errVP9Short
			}
			d.HasTL0, d.TL0 = true, b[n]
			n++
		}
	}
	d.tail = uint8(n)
	if d.first&(vp9Flexible|vp9Inter) == vp9Flexible|vp9Inter {
		for more := true; more; n++ {
			if len(b) <= n || n-int(d.tail) >= 3 {
				return d, false, errVP9Short
			}
			more = b[n]&1 != 0
		}
	}
	if d.first&vp9Scaling != 0 {
		if n, err = skipScaling(b, n); err != nil {
			return d, false, err
		}
	}
	if len(b) <= n {
		return d, false, errVP9Empty
	}
	d.Size = n
	d.Start = d.first&vp9Begin != 0
	lowest := !d.HasLayer || d.Layer>>1&7 == 0
	return d, d.Start && lowest && d.first&vp9Inter == 0, nil
}

// skipScaling passes over the scalability structure (RFC 9628 §4.2.1).
func skipScaling(b []byte, n int) (int, error) {
	if len(b) <= n {
		return n, errVP9Short
	}
	layers, sizes, groups := int(b[n]>>5)+1, b[n]&0x10 != 0, b[n]&0x08 != 0
	n++
	if sizes {
		n += 4 * layers
	}
	if !groups {
		return n, nil
	}
	if len(b) <= n {
		return n, errVP9Short
	}
	pictures := int(b[n])
	n++
	for range pictures {
		if len(b) <= n {
			return n, errVP9Short
		}
		n += 1 + int(b[n]>>2&3)
	}
	return n, nil
}

func (d *Descriptor) rewriteVP9(dst, payload []byte, out Out) int {
	dst[0] = d.first
	n := 1
	if d.HasPicture {
		binary.BigEndian.PutUint16(dst[n:], out.PictureID|0x8000)
		n += 2
	}
	if d.HasLayer {
		dst[n] = d.Layer
		n++
	}
	if d.HasTL0 {
		dst[n] = out.TL0
		n++
	}
	return n + copy(dst[n:], payload[d.tail:])
}
