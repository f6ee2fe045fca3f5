package sfu

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"passerby/sfu/internal/stream"
)

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
