package sfu

import (
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/stream"
)

// Passage is how a receiver's present route came to show a picture, by the server's clock. A zero time has not come.
type Passage struct {
	Routed time.Time // the route was set
	Fed    time.Time // the first video packet of its source was there, gated or not
	Opened time.Time // the first packet that the receiver can show went out
}

// hear takes what the receiver reports of one of our streams: what it lost, and how long a packet is under way.
func (p *peer) hear(reports []rtcp.ReceptionReport, now time.Time) {
	for i := range reports {
		r := &reports[i]
		d := p.downBySSRC(r.SSRC)
		if d == nil {
			continue
		}
		d.lose(uint64(r.TotalLost))
		d.heard.told(r.FractionLost, now)
		if d.kind != video || r.LastSenderReport == 0 {
			continue
		}
		if units := uint32(stream.NTP(now)>>16) - r.LastSenderReport - r.Delay; units < 10<<16 { // else it makes no sense
			p.server.metrics.roundTrip.Observe(float64(units) / (1 << 16))
		}
	}
}

// lose notes the sum of lost packets that a receiver reports: never more than there were, and never less than before.
func (d *downlink) lose(total uint64) {
	total = min(total, d.sent.Load())
	for {
		before := d.lost.Load()
		if total <= before || d.lost.CompareAndSwap(before, total) {
			return
		}
	}
}
