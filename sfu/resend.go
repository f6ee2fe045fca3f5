package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtp"

	"passerby/sfu/internal/stream"
)

// A packet in the ring begins with what its header needs: marker and codec (1 byte), timestamp (4), transport-wide number (2), and
// the sequence number (2), which is the beginning of a retransmission's payload.
const ringHeader = 9

// headerSize is what goes around a payload: RTP with one extension, and the tag.
const headerSize = 12 + 8 + 16

// packetOverhead is that with UDP and IPv4.
const packetOverhead = headerSize + 28

func putRingHeader(b []byte, h *rtp.Header, codec stream.Codec, number [2]byte) {
	b[0] = byte(codec) << 1
	if h.Marker {
		b[0] |= 1
	}
	binary.BigEndian.PutUint32(b[1:], h.Timestamp)
	copy(b[5:], number[:])
	binary.BigEndian.PutUint16(b[7:], h.SequenceNumber)
}

func ringMarker(b []byte) bool { return b[0]&1 != 0 }

func ringCodec(b []byte) stream.Codec { return stream.Codec(b[0] >> 1) }

func ringTimestamp(b []byte) uint32 { return binary.BigEndian.Uint32(b[1:]) }

// ringPacket makes the header as it was.
func ringPacket(b []byte, h *rtp.Header, number *[2]byte) {
	h.Marker, h.Timestamp, h.SequenceNumber = ringMarker(b), ringTimestamp(b), binary.BigEndian.Uint16(b[7:])
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

// budget bounds how many packets are sent again: whoever asks for everything gets it no faster than this. Where the way to the
// receiver is too narrow, repairs get a quarter of it: the pictures that follow need the rest, and what is lost to a full queue would
// be lost again.
type budget struct {
	left float64 // packets
	at   time.Time
}

const (
	resendRate  = 400 // packets a second
	resendBurst = 200
	resendShare = 4 // of the limit
)

// take says whether a packet of so many bytes may be sent again, to a receiver who can take limit bits per second; 0: no limit is known.
func (b *budget) take(size int, limit int64, now time.Time) bool {
	rate, burst := float64(resendRate), float64(resendBurst)
	if limit > 0 {
		rate = min(rate, float64(limit)/resendShare/float64(8*(size+headerSize)))
		burst = min(burst, max(rate/2, 1))
	}
	if b.at.IsZero() {
		b.left = burst
	} else if elapsed := now.Sub(b.at); elapsed > 0 {
		b.left += rate * elapsed.Seconds()
	}
	b.left, b.at = min(b.left, burst), now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// copies are the packets of which a second repair is to be sent, a little after the first: on a way that loses many packets a lost repair
// would cost another round trip, and the picture stands still. It holds a few and forgets the rest.
type copies struct {
	seqs [16]uint16
	n    int
}

func (c *copies) add(seq uint16) {
	if c.n < len(c.seqs) {
		c.seqs[c.n] = seq
		c.n++
	}
}

func (c *copies) next() (seq uint16, ok bool) {
	if c.n == 0 {
		return 0, false
	}
	seq = c.seqs[0]
	c.n--
	copy(c.seqs[:c.n], c.seqs[1:])
	return seq, true
}
