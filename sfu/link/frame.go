package link

import (
	"encoding/binary"
	"errors"
)

// ErrFrame says that bytes are no frame.
var ErrFrame = errors.New("link: not a frame")

// Kind says what a frame is for.
type Kind uint8

// The kinds. A stream is what one id publishes, audio and video, for one node.
const (
	// Audio and Video carry an RTP packet without its header.
	Audio Kind = iota + 1
	Video
	// Open asks for the stream of an id and, sent again, keeps it; State answers.
	Open
	// Close asks for no more of the stream.
	Close
	// State says of a stream whether its publisher has the keys of its match.
	State
	// Anchor says of a stream which RTP time was when.
	Anchor
	// AskKeyFrame asks the publisher for a key frame.
	AskKeyFrame
	// AskPackets asks for video packets again.
	AskPackets
	// Limit says how many bits per second the receivers of a stream can take; 0 is no limit.
	Limit
	// VideoVP9, VideoAV1 and VideoH264 are Video (which is VP8) of other codecs.
	VideoVP9
	VideoAV1
	VideoH264
	// Loss says what share of the sound the receivers of a stream miss, in 1/256.
	Loss

	ping Kind = 14
	pong Kind = 15
)

// Frame is what a link carries. Kind and marker share the first byte with the
// source's generation, three bits that change when the publisher begins anew:
//
//	 0      1        5     7           11
//	| kind | stream | seq | timestamp | payload …   Audio, Video
//	| kind | stream | payload …                     all others
type Frame struct {
	Kind       Kind
	Generation uint8  // Audio and Video: 0 to 7
	Marker     bool   // Audio and Video
	Seq        uint16 // Audio and Video
	Stream     uint32
	Timestamp  uint32 // Audio and Video
	Payload    []byte
}

// Overhead is how many bytes a media frame adds to the payload of its RTP packet.
const Overhead = 11

func (k Kind) media() bool { return k == Audio || k == Video || k >= VideoVP9 && k <= VideoH264 }

// Append encodes f and appends it to dst.
func (f Frame) Append(dst []byte) []byte {
	first := byte(f.Kind) | f.Generation<<5
	if f.Marker {
		first |= 0x10
	}
	dst = append(dst, first)
	dst = binary.BigEndian.AppendUint32(dst, f.Stream)
	if f.Kind.media() {
		dst = binary.BigEndian.AppendUint16(dst, f.Seq)
		dst = binary.BigEndian.AppendUint32(dst, f.Timestamp)
	}
	return append(dst, f.Payload...)
}

// ParseFrame decodes what Append wrote; the payload points into b. The error is ErrFrame.
func ParseFrame(b []byte) (Frame, error) {
	if len(b) < 5 {
		return Frame{}, ErrFrame
	}
	f := Frame{Kind: Kind(b[0] & 0x0f), Stream: binary.BigEndian.Uint32(b[1:]), Payload: b[5:]}
	switch {
	case f.Kind.media():
		if len(b) < Overhead {
			return Frame{}, ErrFrame
		}
		f.Generation, f.Marker = b[0]>>5, b[0]&0x10 != 0
		f.Seq, f.Timestamp, f.Payload = binary.BigEndian.Uint16(b[5:]), binary.BigEndian.Uint32(b[7:]), b[Overhead:]
	case b[0]&0xf0 != 0, f.Kind == 0, f.Kind > Loss && f.Kind < ping:
		return Frame{}, ErrFrame
	}
	return f, nil
}
