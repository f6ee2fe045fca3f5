package stream

import "encoding/binary"

// Clear bytes before the SFrame header, as docs/security.md lays frames out.
const (
	ClearVP8Key   = 10
	ClearVP8Delta = 3
	ClearOpus     = 1
)

// Frame is what a packet shows of the frame that it carries, without a key.
type Frame struct {
	Descriptor Descriptor // video only
	KeyID      uint64     // from the SFrame header, where Keyed
	Start      bool       // the packet is the first of its frame
	Key        bool       // Start, and the frame is a key frame
	Keyed      bool       // an SFrame header was read
	Pixels     uint32     // of a key frame of VP8, which says its size in the clear; else 0
}

// Codec is the codec of a video packet.
func (f *Frame) Codec() Codec { return f.Descriptor.codec }

// InspectVideo reads what an RTP payload says in the clear and, on the first
// packet of a frame, whether it is a key frame and under which key id.
func InspectVideo(codec Codec, payload []byte) (f Frame, err error) {
	switch codec {
	case CodecVP8:
		return inspectVP8(payload)
	case CodecH264:
		return inspectH264(payload)
	case CodecVP9:
		f.Descriptor, f.Key, err = ParseVP9(payload)
	case CodecAV1:
		f.Descriptor, f.Key, err = ParseAV1(payload)
	default:
		return f, ErrMalformed
	}
	f.Start = f.Descriptor.Start
	if err == nil && f.Start {
		f.key(payload[f.Descriptor.Size:])
	}
	return f, err
}

// key reads the key id of an SFrame header.
func (f *Frame) key(b []byte) {
	if h, err := ParseSFrame(b); err == nil {
		f.KeyID, f.Keyed = h.KeyID, true
	}
}

func inspectVP8(payload []byte) (Frame, error) {
	d, err := ParseVP8(payload)
	if err != nil {
		return Frame{}, err
	}
	f := Frame{Descriptor: d, Start: d.Start}
	if !f.Start {
		return f, nil
	}
	body := payload[d.Size:]
	clear := ClearVP8Delta
	if body[0]&1 == 0 { // RFC 6386 §9.1: bit 0 clear, then the start code
		clear = ClearVP8Key
		f.Key = len(body) >= 6 && body[3] == 0x9d && body[4] == 0x01 && body[5] == 0x2a
		if f.Key && len(body) >= ClearVP8Key { // 14 bits each, then two of scaling
			f.Pixels = uint32(binary.LittleEndian.Uint16(body[6:])&0x3fff) * uint32(binary.LittleEndian.Uint16(body[8:])&0x3fff)
		}
	}
	if len(body) > clear {
		f.key(body[clear:])
	}
	return f, nil
}

// InspectAudio reads the SFrame header of an Opus payload: every packet is a
// whole frame.
func InspectAudio(payload []byte) Frame {
	f := Frame{Start: true}
	if len(payload) > ClearOpus {
		f.key(payload[ClearOpus:])
	}
	return f
}
