package sfu

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu/internal/stream"
)

var mimeTypes = [2]string{webrtc.MimeTypeOpus, webrtc.MimeTypeVP8}

// Bind is called by pion when the peer is negotiated.
func (d *downlink) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, codec := range ctx.CodecParameters() {
		if strings.EqualFold(codec.MimeType, mimeTypes[d.kind]) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.ssrc = uint32(ctx.SSRC())
			d.header = rtp.Header{Version: 2, PayloadType: uint8(codec.PayloadType), SSRC: d.ssrc}
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, fmt.Errorf("sfu: the browser does not offer %s", mimeTypes[d.kind])
}

// Unbind is called by pion at the end.
func (d *downlink) Unbind(webrtc.TrackLocalContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writer = nil
	return nil
}

// ID names the track in the answer.
func (d *downlink) ID() string { return kindNames[d.kind] }

// RID: no simulcast.
func (d *downlink) RID() string { return "" }

// StreamID groups audio and video for lip sync.
func (d *downlink) StreamID() string { return "partner" }

// Kind is audio or video.
func (d *downlink) Kind() webrtc.RTPCodecType {
	if d.kind == audio {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// A packet in the ring begins with what its header needs beside the number:
// marker (1 byte), timestamp (4 bytes).
const ringHeader = 5

func putRingHeader(b []byte, h *rtp.Header) {
	b[0] = 0
	if h.Marker {
		b[0] = 1
	}
	binary.BigEndian.PutUint32(b[1:], h.Timestamp)
}

func ringTimestamp(b []byte) uint32 { return binary.BigEndian.Uint32(b[1:]) }

// newRing takes a ring that another downlink left, or makes one.
func (s *Server) newRing() *stream.Ring {
	if r, ok := s.metrics.rings.Get().(*stream.Ring); ok {
		r.Reset()
		return r
	}
	return stream.NewRing(s.cfg.Ring)
}
