package stream

// Clear bytes before the SFrame header, as docs/security.md lays frames out.
const (
	ClearVP8Key   = 10
	ClearVP8Delta = 3
	ClearOpus     = 1
)

// Frame is what a packet shows of the frame that it carries, without a key.
type Frame struct {
	VP8   VP8    // video only
	KeyID uint64 // from the SFrame header, where Keyed
	Start bool   // the packet is the first of its frame
	Key   bool   // Start, and the frame is a VP8 key frame
	Keyed bool   // an SFrame header was read
}

// InspectVideo reads the VP8 descriptor of an RTP payload and, on the first
// packet of a frame, whether it is a key frame and under which key id.
func InspectVideo(payload []byte) (Frame, error) {
	d, err := ParseVP8(payload)
	if err != nil {
		return Frame{}, err
	}
	f := Frame{VP8: d, Start: d.Start}
	if !f.Start {
		return f, nil
	}
	body := payload[d.Size:]
	clear := ClearVP8Delta
	if body[0]&1 == 0 { // RFC 6386 §9.1: bit 0 clear, then the start code
		clear = ClearVP8Key
		f.Key = len(body) >= 6 && body[3] == 0x9d && body[4] == 0x01 && body[5] == 0x2a
	}
	if len(body) > clear {
		if h, err := ParseSFrame(body[clear:]); err == nil {
			f.KeyID, f.Keyed = h.KeyID, true
		}
	}
	return f, nil
}

// InspectAudio reads the SFrame header of an Opus payload: every packet is a
// whole frame.
func InspectAudio(payload []byte) Frame {
	f := Frame{Start: true}
	if len(payload) > ClearOpus {
		if h, err := ParseSFrame(payload[ClearOpus:]); err == nil {
			f.KeyID, f.Keyed = h.KeyID, true
		}
	}
	return f
}
