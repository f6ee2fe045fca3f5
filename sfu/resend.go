package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"

	"passerby/sfu/internal/stream"
)

// A packet in the ring begins with what its header needs: marker (1 byte), timestamp (4), transport-wide number (2), and
// the sequence number (2), which is the beginning of a retransmission's payload.
const ringHeader = 9

// headerSize is what goes around a payload: RTP with one extension, and the tag.
const headerSize = 12 + 8 + 16

func putRingHeader(b []byte, h *rtp.Header, number [2]byte) {
	b[0] = 0
	if h.Marker {
		b[0] = 1
	}
	binary.BigEndian.PutUint32(b[1:], h.Timestamp)
	copy(b[5:], number[:])
	binary.BigEndian.PutUint16(b[7:], h.SequenceNumber)
}

func ringTimestamp(b []byte) uint32 { return binary.BigEndian.Uint32(b[1:]) }

// ringPacket makes the header as it was.
func ringPacket(b []byte, h *rtp.Header, number *[2]byte) {
	h.Marker, h.Timestamp, h.SequenceNumber = b[0] != 0, ringTimestamp(b), binary.BigEndian.Uint16(b[7:])
	copy(number[:], b[5:7])
}

// newRing takes a ring that another downlink left, or makes one.
func (s *Server) newRing() *stream.Ring {
	if r, ok := s.metrics.rings.Get().(*stream.Ring); ok {
		r.Reset()
		return r
	}
	return stream.NewRing(s.cfg.Ring)
}

// budget bounds how many packets are sent again: whoever asks for everything gets it no faster than this.
type budget struct {
	left float64
	at   time.Time
}

const (
	resendRate  = 400 // packets a second
	resendBurst = 200
)

func (b *budget) take(now time.Time) bool {
	if b.at.IsZero() {
		b.left = resendBurst
	} else if elapsed := now.Sub(b.at); elapsed > 0 {
		b.left = min(b.left+resendRate*elapsed.Seconds(), resendBurst)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
