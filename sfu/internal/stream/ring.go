package stream

import "time"

// Ring remembers the packets last sent, so that a receiver's NACK can be
// answered. Memory is fixed: size bytes of packets and one entry per possible
// packet; the oldest bytes are written over.
//
//	       ┌──────── size bytes ────────┐
//	data:  │ …7 │ 8 │ 9 │ free → 3 │ 4 │ │
//	index: seq mod entries → {seq, position, length}
type Ring struct {
	data  []byte
	index []entry
	head  uint64 // bytes written since the beginning
	limit uint64 // end of what was reserved: bytes before limit-len(data) are gone
}

type entry struct {
	at   time.Time // last sent
	pos  uint64
	size uint16
	seq  uint16
	used bool
}

const ringEntries = 512

// NewRing makes a ring of so many bytes; packets longer than a quarter of it
// are not kept.
func NewRing(size int) *Ring {
	return &Ring{data: make([]byte, size), index: make([]entry, ringEntries)}
}

// Reset forgets all packets and keeps the memory.
func (r *Ring) Reset() {
	clear(r.index)
	r.head, r.limit = 0, 0
}

// Reserve gives room for a packet of at most n bytes, to be filled by the
// caller and kept with Keep, or nil if n is too large.
func (r *Ring) Reserve(n int) []byte {
	if n > len(r.data)/4 {
		return nil
	}
	pos := int(r.head % uint64(len(r.data)))
	if pos+n > len(r.data) { // no wrapping inside a packet
		r.head += uint64(len(r.data) - pos)
		pos = 0
	}
	r.limit = r.head + uint64(n)
	return r.data[pos : pos+n : pos+n]
}

// Keep remembers the first n bytes of what the last Reserve gave as packet seq.
func (r *Ring) Keep(seq uint16, n int, now time.Time) {
	r.index[seq%ringEntries] = entry{seq: seq, pos: r.head, size: uint16(n), used: true, at: now}
	r.head += uint64(n)
}

// Get gives the packet seq, unless it is gone or was sent less than gap ago.
// The bytes are valid until the next Reserve.
func (r *Ring) Get(seq uint16, now time.Time, gap time.Duration) []byte {
	e := &r.index[seq%ringEntries]
	if !e.used || e.seq != seq || r.limit-e.pos > uint64(len(r.data)) || now.Sub(e.at) < gap {
		return nil
	}
	e.at = now
	pos := int(e.pos % uint64(len(r.data)))
	return r.data[pos : pos+int(e.size)]
}
