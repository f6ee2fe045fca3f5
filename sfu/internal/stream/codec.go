package stream

// Codec is a video codec that is forwarded.
type Codec uint8

// The codecs. What of a frame the browsers leave clear differs, as docs/security.md lays it out: of VP8 the first bytes, of the
// others nothing but what carries the SFrame header.
const (
	CodecVP8 Codec = iota
	CodecVP9
	CodecAV1
	CodecH264
	Codecs // how many there are
)

// Descriptor is what the payload of a video packet says in the clear: of VP8 and VP9 the descriptor in front, of AV1 the
// aggregation header, of H.264 the types of the NAL units.
type Descriptor struct {
	Size       int    // bytes up to what belongs to the frame
	PictureID  uint16 // 7 bits, or 15 if Wide
	TL0        uint8
	Layer      uint8 // VP8: the byte TID, Y, KEYIDX; VP9: TID, U, SID, D
	first      uint8 // the mandatory byte
	flags      uint8 // VP8: the extension byte
	tail       uint8 // where what is copied as it is begins
	codec      Codec
	Start      bool // the first packet of a frame
	HasPicture bool
	Wide       bool
	HasTL0     bool
	HasLayer   bool
	HasKeyIdx  bool
}

// MaxGrowth is how many bytes a descriptor can grow by: a picture id of 7 bits
// is sent on with 15, since receivers count pictures modulo 2^15.
const MaxGrowth = 1

// Rewrite copies an RTP payload that begins with this descriptor to dst with
// the numbers of out, and answers how many bytes it wrote. dst needs room for
// len(payload)+MaxGrowth.
func (d *Descriptor) Rewrite(dst, payload []byte, out Out) int {
	switch d.codec {
	case CodecVP8:
		return d.rewriteVP8(dst, payload, out)
	case CodecVP9:
		return d.rewriteVP9(dst, payload, out)
	}
	return copy(dst, payload) // nothing in it counts
}
