package stream

import "time"

// Reception keeps what a receiver report says of an uplink (RFC 3550 §6.4.1,
// A.3, A.8).
type Reception struct {
	base, highest      int64
	received           int64
	priorExpected      int64
	priorReceived      int64
	transit            uint32
	jitter             float64
	lastSR             uint32
	lastSRAt           time.Time
	started, haveTrans bool
}

// Report is one report block without its SSRC.
type Report struct {
	FractionLost uint8
	TotalLost    uint32 // 24 bits
	Highest      uint32
	Jitter       uint32
	LastSR       uint32
	Delay        uint32 // in 1/65536 s
}

// Packet notes a packet that arrived at now.
func (r *Reception) Packet(p *Packet, clock uint32, now time.Time) {
	if !r.started {
		r.started = true
		r.base = int64(p.Seq) + 1<<16
		r.highest = r.base
	} else if ext := r.highest + int64(int16(p.Seq-uint16(r.highest))); ext > r.highest {
		r.highest = ext
	}
	r.received++
	transit := uint32(now.UnixMicro()*int64(clock)/1e6) - p.Timestamp
	if r.haveTrans {
		d := float64(int32(transit - r.transit))
		if d < 0 {
			d = -d
		}
		r.jitter += (d - r.jitter) / 16
	}
	r.transit, r.haveTrans = transit, true
}

// SenderReport notes the NTP time of a sender report.
func (r *Reception) SenderReport(ntp uint64, now time.Time) {
	r.lastSR, r.lastSRAt = uint32(ntp>>16), now
}

// Started says whether a packet came.
func (r *Reception) Started() bool { return r.started }

// Report makes the next report block.
func (r *Reception) Report(now time.Time) Report {
	expected := r.highest - r.base + 1
	lost := min(max(expected-r.received, 0), 0x7fffff)
	interval := expected - r.priorExpected
	intervalLost := interval - (r.received - r.priorReceived)
	r.priorExpected, r.priorReceived = expected, r.received
	out := Report{
		TotalLost: uint32(lost),
		Highest:   uint32(r.highest - 1<<16),
		Jitter:    uint32(r.jitter),
		LastSR:    r.lastSR,
	}
	if interval > 0 && intervalLost > 0 {
		out.FractionLost = uint8(min(intervalLost*256/interval, 255))
	}
	if !r.lastSRAt.IsZero() {
		out.Delay = uint32(now.Sub(r.lastSRAt).Seconds() * 65536)
	}
	return out
}
