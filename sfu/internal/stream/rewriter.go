package stream

import "time"

// Out is what the rewriter gives a packet: the numbers of the one unbroken
// stream that the receiver sees.
type Out struct {
	Timestamp uint32
	Seq       uint16
	PictureID uint16 // 15 bits
	TL0       uint8
	KeyIdx    uint8 // 5 bits
	// Empty: forward the header alone. It is a padding packet that came too
	// late for its sequence number to be closed up.
	Empty bool
}

// Rewriter turns the streams of several sources, one after the other, into
// one stream: sequence numbers go on by one at a switch, timestamps by the wall
// time since the last packet, picture ids and the rest by one. Within a source
// gaps stay gaps, so that losses can be repaired, except that packets of padding
// alone leave none, nor jumps that no loss explains.
type Rewriter struct {
	clock uint32

	// The newest packet sent on.
	seq       uint16
	timestamp uint32
	at        time.Time
	picture   uint16
	tl0       uint8
	keyIdx    uint8
	started   bool

	// The present source.
	pending bool  // the next packet is the first of a source
	first   int64 // extended sequence number where it began
	highest int64
	seqOff  uint16
	tsOff   uint32
	picOff  uint16
	tl0Off  uint8
	keyOff  uint8
	numbers bool // picOff, tl0Off and keyOff are set
	inPic   uint16

	// Extended numbers of padding packets that were left out, ascending.
	skips   [maxSkips]int64
	skipped int // how many since the switch

	given given
}

const (
	maxSkips = 64
	maxJump  = 3000 // numbers; a larger gap is closed up (RFC 3550 A.1, MAX_DROPOUT)
)

// Start are the numbers that a stream begins after; random ones are meant.
type Start struct {
	Timestamp uint32
	Seq       uint16
	PictureID uint16
	TL0       uint8
	KeyIdx    uint8
}

// NewRewriter makes a rewriter for a clock of so many ticks a second.
func NewRewriter(clock uint32, s Start) Rewriter {
	return Rewriter{
		clock: clock, seq: s.Seq, timestamp: s.Timestamp, picture: s.PictureID & 0x7fff,
		tl0: s.TL0, keyIdx: s.KeyIdx & 0x1f, pending: true,
	}
}

// Switch makes the next packet the first of another source.
func (r *Rewriter) Switch() { r.pending = true }

// TimestampOffset is what is added to the present source's timestamps.
func (r *Rewriter) TimestampOffset() uint32 { return r.tsOff }

// Newer says whether a packet of the present source comes after all that were seen.
func (r *Rewriter) Newer(seq uint16) bool { return int16(seq-uint16(r.highest)) > 0 }

// Timestamp is the newest timestamp sent on.
func (r *Rewriter) Timestamp() uint32 { return r.timestamp }

// Rewrite numbers one packet that arrived at now; d is nil for audio. ok is
// false when the packet must not be sent on: it is older than the switch,
// or padding, or so late that its number is forgotten, or was there before.
func (r *Rewriter) Rewrite(p *Packet, d *Descriptor, now time.Time) (out Out, ok bool) {
	if r.pending {
		if len(p.Payload) == 0 {
			return out, false // a source does not begin with padding
		}
		r.begin(p, d, now)
	}
	ext := r.highest + int64(int16(p.Seq-uint16(r.highest)))
	if ext < r.first {
		return out, false
	}
	newest := ext > r.highest || ext == r.first && r.highest == r.first
	if len(p.Payload) == 0 && ext > r.highest {
		r.skips[r.skipped%maxSkips] = ext
		r.skipped++
		r.highest = ext
		return out, false
	}
	before, known := r.skippedBefore(ext)
	if !known {
		return out, false
	}
	out.Seq = uint16(ext) + r.seqOff - uint16(before)
	if newest && out.Seq-r.seq > maxJump && len(p.Payload) > 0 {
		// The receiver counts the wraps of 16 bits itself (RFC 3711 §3.3.1), across all sources: two such jumps, and a lost packet
		// between them, and nothing that it gets would ever open again. Picture ids keep the gap.
		r.first, r.highest, r.skipped = ext, ext, 0
		r.seqOff = r.seq + 1 - uint16(ext)
		out.Seq = r.seq + 1
	}
	if !r.given.first(out.Seq) {
		return out, false
	}
	out.Timestamp = p.Timestamp + r.tsOff
	if len(p.Payload) == 0 {
		out.Empty = true
		return out, true
	}
	if d != nil {
		r.number(d, &out, newest)
	}
	if newest {
		r.highest = ext
		r.seq, r.timestamp, r.at = out.Seq, out.Timestamp, now
	}
	return out, true
}

func (r *Rewriter) begin(p *Packet, d *Descriptor, now time.Time) {
	r.pending = false
	r.first = int64(p.Seq) + 1<<16 // room below, so that extended numbers stay positive
	r.highest = r.first
	r.skipped = 0
	r.seqOff = r.seq + 1 - p.Seq
	next := r.timestamp
	if r.started {
		next += r.advance(now)
	}
	r.tsOff = next - p.Timestamp
	r.numbers = false
	r.started = true
}

// advance is the wall time since the last packet in ticks, at least 1/60 s.
func (r *Rewriter) advance(now time.Time) uint32 {
	least := r.clock / 60
	wall := now.Sub(r.at)
	if wall <= 0 {
		return least
	}
	// Years of silence would overflow; the clock wraps anyway.
	ticks := uint32(uint64(wall/time.Microsecond) * uint64(r.clock) / 1e6)
	if wall < time.Second && ticks < least {
		return least
	}
	return ticks
}

// number fills in the numbers of the descriptor.
func (r *Rewriter) number(d *Descriptor, out *Out, newest bool) {
	in := d.PictureID
	if d.HasPicture && !d.Wide && r.numbers {
		// Seven bits: the nearest to the last one seen.
		diff := int16(int8(uint8(d.PictureID-r.inPic)<<1)) >> 1
		in = uint16(int16(r.inPic)+diff) & 0x7fff
	}
	if !r.numbers {
		r.numbers = true
		r.picOff = (r.picture + 1 - in) & 0x7fff
		r.tl0Off = r.tl0 + 1 - d.TL0
		r.keyOff = r.keyIdx + 1 - d.Layer&0x1f
		r.inPic = in
	}
	out.PictureID = (in + r.picOff) & 0x7fff
	out.TL0 = d.TL0 + r.tl0Off
	out.KeyIdx = (d.Layer&0x1f + r.keyOff) & 0x1f
	if !newest {
		return
	}
	if d.HasPicture {
		r.inPic, r.picture = in, out.PictureID
	}
	if d.HasTL0 {
		r.tl0 = out.TL0
	}
	if d.HasKeyIdx {
		r.keyIdx = out.KeyIdx
	}
}

// skippedBefore counts the padding packets left out before ext. It is unknown
// for a number that was left out itself, and for one older than is remembered.
func (r *Rewriter) skippedBefore(ext int64) (n int, known bool) {
	n = r.skipped
	for n > 0 && r.skipped-n < maxSkips {
		skip := r.skips[(n-1)%maxSkips]
		if skip < ext {
			return n, true
		}
		if skip == ext {
			return 0, false
		}
		n--
	}
	return n, n == 0
}
