package congestion

import (
	"encoding/binary"
	"errors"
)

// ErrMalformed says that feedback cannot be read.
var ErrMalformed = errors.New("congestion: malformed transport-wide feedback")

// Type and Format of the RTCP packets that Parse takes (RFC 4585 §6.1).
const (
	Type   = 205
	Format = 15
)

const feedbackHeader = 20

// Report is one feedback packet, read one sequence number after the other with Next.
type Report struct {
	reference uint32 // 24 bits, in 64 ms
	next      uint16
	left      int
	at        int64 // of the last arrival, µs
	chunks    chunks
	deltas    []byte
}

// Parse checks a whole RTCP packet of Type and Format. The report points into b.
func Parse(b []byte) (Report, error) {
	if len(b) < feedbackHeader || b[0]>>6 != 2 || b[0]&0x1f != Format || b[1] != Type || len(b) != 4*(int(binary.BigEndian.Uint16(b[2:]))+1) {
		return Report{}, ErrMalformed
	}
	if b[0]&0x20 != 0 {
		pad := int(b[len(b)-1])
		if pad == 0 || pad > len(b)-feedbackHeader {
			return Report{}, ErrMalformed
		}
		b = b[:len(b)-pad]
	}
	r := Report{
		next: binary.BigEndian.Uint16(b[12:]), left: int(binary.BigEndian.Uint16(b[14:])),
		reference: binary.BigEndian.Uint32(b[16:]) >> 8, chunks: chunks{b: b[feedbackHeader:]},
	}
	check, need := r.chunks, 0
	for range r.left {
		status, ok := check.next()
		if !ok || status > 2 {
			return Report{}, ErrMalformed
		}
		need += int(status) // bytes of its delta
	}
	if len(check.b) < need {
		return Report{}, ErrMalformed
	}
	r.deltas = check.b
	return r, nil
}

// since makes the reference time count on from an earlier one: 24 bits wrap after twelve days.
func (r *Report) since(last int64) (reference int64) {
	reference = last + int64(int32(r.reference<<8-uint32(last)<<8)>>8)
	r.at = reference * 64_000
	return reference
}

// Next gives the next sequence number, and when it arrived on the receiver's clock, in µs.
func (r *Report) Next() (seq uint16, at int64, received, ok bool) {
	if r.left == 0 {
		return 0, 0, false, false
	}
	status, _ := r.chunks.next()
	switch status {
	case 1:
		r.at += 250 * int64(r.deltas[0])
	case 2:
		r.at += 250 * int64(int16(binary.BigEndian.Uint16(r.deltas)))
	}
	r.deltas = r.deltas[status:]
	seq = r.next
	r.next++
	r.left--
	return seq, r.at, status != 0, true
}

// chunks reads the statuses of packets: 0 not received, 1 and 2 received with a delta of so many bytes, 3 reserved.
type chunks struct {
	b     []byte
	chunk uint16
	left  int // statuses in the chunk
	bits  int // of one of them; 0: all are the same
}

func (c *chunks) next() (status uint8, ok bool) {
	if c.left == 0 {
		if len(c.b) < 2 {
			return 0, false
		}
		c.chunk = binary.BigEndian.Uint16(c.b)
		c.b = c.b[2:]
		switch {
		case c.chunk&0x8000 == 0:
			c.left, c.bits = int(c.chunk&0x1fff), 0
			if c.left == 0 {
				return 0, false
			}
		case c.chunk&0x4000 == 0:
			c.left, c.bits = 14, 1
		default:
			c.left, c.bits = 7, 2
		}
	}
	c.left--
	switch c.bits {
	case 0:
		return uint8(c.chunk >> 13 & 3), true
	case 1:
		return uint8(c.chunk >> c.left & 1), true
	}
	return uint8(c.chunk >> (2 * c.left) & 3), true
}
