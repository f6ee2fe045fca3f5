package stream

var errAV1Short = wrapMalformed("av1: payload ends inside its headers")

// ParseAV1 reads the aggregation header of the AV1 payload format, and on the first packet of a frame the header of the one
// OBU that browsers wrap a sealed frame in, up to the SFrame header. key says that a coded video sequence begins.
//
//	 0 1 2 3 4 5 6 7
//	+-+-+-+-+-+-+-+-+
//	|Z|Y| W |N|-|-|-|
//	|0| type  |X|S|-|   of the OBU; if W is not 1 its length stands before it
func ParseAV1(b []byte) (d Descriptor, key bool, err error) {
	if len(b) < 2 {
		return d, false, errAV1Short
	}
	d.codec, d.first, d.Size = CodecAV1, b[0], 1
	d.Start = b[0]&0x80 == 0
	if !d.Start {
		return d, false, nil
	}
	n := 1
	if b[0]>>4&3 != 1 {
		n = skipLEB128(b, n)
	}
	if len(b) <= n {
		return d, false, errAV1Short
	}
	head := b[n]
	n++
	if head&0x04 != 0 { // extension
		n++
	}
	if head&0x02 != 0 { // size
		n = skipLEB128(b, n)
	}
	if len(b) < n {
		return d, false, errAV1Short
	}
	d.Size = n
	return d, b[0]&0x08 != 0, nil
}

// skipLEB128 passes over a number of up to eight bytes.
func skipLEB128(b []byte, n int) int {
	for end := n + 8; n < end && n < len(b); {
		n++
		if b[n-1]&0x80 == 0 {
			break
		}
	}
	return n
}
