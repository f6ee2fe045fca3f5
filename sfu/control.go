package sfu

import (
	"encoding/binary"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/congestion"
	"passerby/sfu/internal/stream"
)

const (
	tickEvery = 60 * time.Millisecond
	quiet     = 2 * time.Second // without packets or a route a peer ticks no more
)

// receiveRTCP takes a decrypted compound packet.
func (p *peer) receiveRTCP(b []byte, now time.Time) {
	for len(b) >= 4 {
		size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			break
		}
		if !p.receiveReport(b[:size], now) {
			p.malformed.Add(1)
		}
		b = b[size:]
	}
	if len(b) > 0 {
		p.malformed.Add(1)
	}
}

// receiveReport takes one packet of a compound. It answers false when that is malformed.
func (p *peer) receiveReport(b []byte, now time.Time) bool {
	if b[1] == congestion.Type && b[0]&0x1f == congestion.Format {
		return p.outward.feedback(b, now)
	}
	pkts, err := rtcp.Unmarshal(b)
	if err != nil {
		return false
	}
	for _, pkt := range pkts {
		switch pkt := pkt.(type) {
		case *rtcp.ReceiverEstimatedMaximumBitrate:
			p.outward.told(pkt.Bitrate)
		case *rtcp.SenderReport:
			p.senderReport(pkt, now)
			p.hear(pkt.Reports, now)
		case *rtcp.ReceiverReport:
			p.hear(pkt.Reports, now)
		case *rtcp.PictureLossIndication:
			p.keyFrameWanted(pkt.MediaSSRC, now)
		case *rtcp.FullIntraRequest:
			for _, entry := range pkt.FIR {
				p.keyFrameWanted(entry.SSRC, now)
			}
		case *rtcp.TransportLayerNack:
			if d := p.downBySSRC(pkt.MediaSSRC); d != nil {
				d.resend(pkt.Nacks, now)
			}
		}
	}
	return true
}

func (p *peer) keyFrameWanted(ssrc uint32, now time.Time) {
	if d := p.downBySSRC(ssrc); d != nil && d.kind == video {
		d.wantKeyFrame(now)
	}
}

func (p *peer) downBySSRC(ssrc uint32) *downlink {
	for d := range p.downlinks {
		if d.ssrc == ssrc {
			return d
		}
	}
	return nil
}

// senderReport anchors an uplink's timestamps to the server's clock.
func (p *peer) senderReport(r *rtcp.SenderReport, now time.Time) {
	for u := range p.uplinks {
		u.mu.Lock()
		same := u.ssrc == r.SSRC
		if same {
			u.reception.SenderReport(r.NTPTime, now)
		}
		u.mu.Unlock()
		if same {
			sent := stream.FromNTP(r.NTPTime)
			p.feedback.mu.Lock()
			offset := p.clock.Sample(sent, now)
			p.feedback.mu.Unlock()
			anchor := &stream.Anchor{At: sent.Add(offset), RTP: r.RTPTime}
			u.anchor.Store(anchor)
			if outlets := u.seat.outlets.Load(); outlets != nil && !u.aside.Load() {
				for _, o := range *outlets {
					o.anchor(u.kind, anchor, now)
				}
			}
		}
	}
}

// routed tells both downlinks of a slot of a new route.
func (p *peer) routed(slot int, r *route, keyed bool, now time.Time) {
	for kind := range p.down[slot] {
		if d := p.down[slot][kind].Load(); d != nil {
			d.routed(r, keyed, now)
		}
	}
	if r != nil {
		p.wake()
	}
}

// wake lets the peer tick for as long as there is something to do.
func (p *peer) wake() {
	if !p.ticking.Load() && p.ticking.CompareAndSwap(false, true) {
		p.server.pulse.add(p)
	}
}

// tick does what is due without a packet, and answers whether there will be more.
func (p *peer) tick() (more bool) {
	defer func() {
		if r := recover(); r != nil {
			p.panics.Add(1)
			p.server.log.Error("panic in a timer", "session", p.seat.id, "panic", r)
		}
	}()
	now := time.Now()
	if p.ended.Load() {
		return false // ticking stays set: never again
	}
	for u := range p.uplinks {
		u.tick(now)
	}
	if l := p.layers.Load(); l != nil {
		l.take(p.seat, now)
	}
	for d := range p.downlinks {
		d.tick(now)
	}
	p.restrain(now)
	p.allot(now)
	p.feedback.mu.Lock()
	p.sendFeedback(now)
	p.feedback.mu.Unlock()
	for r := range p.seat.routes {
		if r.from.remote != nil {
			r.from.remote.tick(now)
		}
	}
	for sl := range p.seat.all {
		if f := sl.former.Load(); f != nil && f.seat.remote != nil {
			f.seat.remote.tick(now)
		}
		p.server.settle(sl, p, now)
	}
	if p.busy(now) {
		return true
	}
	p.ticking.Store(false)
	if p.busy(now) { // something came in between
		p.wake()
	}
	return false
}

func (p *peer) busy(now time.Time) bool {
	return p.seat.routed() || now.UnixNano()-p.lastPacket.Load() < int64(quiet)
}
