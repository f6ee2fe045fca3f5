package sfu

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"passerby/sfu/internal/stream"
)

// resendGap is the least time between two sendings of one packet.
const resendGap = 20 * time.Millisecond

// downlink is what one browser receives of one kind in one slot: one unbroken stream,
// whoever feeds it.
type downlink struct {
	peer *peer
	kind int
	ssrc uint32

	mu       sync.Mutex // guards what follows; held while a packet is written
	writer   rtpWriter  // nil before the peer is connected
	header   rtp.Header // reused
	route    *route
	source   *uplink
	sourceID uint32 // its SSRC
	gate     stream.Gate
	rewriter stream.Rewriter
	ring     *stream.Ring // video, while there is a route
	asker    stream.Asker
	report   time.Time // when the next sender report is due
	opened   time.Time // of the route, for metrics

	sent, octets                    atomic.Uint64
	resent, unanswered, gated, late atomic.Uint64
	failed                          atomic.Uint64
}

func newDownlink(p *peer, slot, kind int) *downlink {
	ssrc := p.source(slot, kind)
	return &downlink{
		peer: p, kind: kind, ssrc: ssrc, header: rtp.Header{Version: 2, SSRC: ssrc},
		gate: stream.NewGate(kind == video),
		rewriter: stream.NewRewriter(clocks[kind], stream.Start{
			Seq: uint16(rand.Uint32()), Timestamp: rand.Uint32(), PictureID: uint16(rand.Uint32()),
			TL0: uint8(rand.Uint32()), KeyIdx: uint8(rand.Uint32()),
		}),
	}
}

// negotiated notes the payload type that the browser wants. Under another one nothing is sent again: two headers under one
// number would break AES-GCM.
func (d *downlink) negotiated(payload uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ring != nil && d.header.PayloadType != payload {
		d.ring.Reset()
	}
	d.header.PayloadType = payload
}

// open lets packets out; nil keeps them in.
func (d *downlink) open(s *shield) {
	if s == nil {
		return
	}
	d.mu.Lock()
	d.writer = &protected{d.peer, s}
	d.mu.Unlock()
}

// routed takes a new route; nil stops. When it returns, nothing of the former
// source is sent any more.
func (d *downlink) routed(r *route, keyed bool, now time.Time) {
	d.mu.Lock()
	d.route = r
	d.source = nil
	if r == nil {
		d.asker.Stop()
		if d.ring != nil {
			d.peer.server.metrics.rings.Put(d.ring)
			d.ring = nil
		}
		d.mu.Unlock()
		return
	}
	d.gate.Reset(r.keyID)
	if d.kind != video {
		d.mu.Unlock()
		return
	}
	if d.ring == nil {
		d.ring = d.peer.server.newRing()
	}
	d.asker.Route(now, keyed, r.keyID != 0)
	ask := d.asker.Due(now)
	d.mu.Unlock()
	if ask {
		d.askSource(r, now)
	}
}

// keyed says that the source has its keys and a key frame on its way.
func (d *downlink) keyed(now time.Time) {
	d.mu.Lock()
	d.asker.Keyed(now)
	ask := d.asker.Due(now)
	r := d.route
	d.mu.Unlock()
	if ask {
		d.askSource(r, now)
	}
}

func (d *downlink) shown() {
	d.mu.Lock()
	d.asker.Shown()
	d.mu.Unlock()
}

// askSource asks the route's sender for a key frame.
func (d *downlink) askSource(r *route, now time.Time) {
	if r == nil {
		return
	}
	if u := r.from.uplink(video); u != nil {
		u.ask(now, pliGap)
	}
}

// wantKeyFrame passes on a request of the receiver.
func (d *downlink) wantKeyFrame(now time.Time) {
	d.mu.Lock()
	r, open := d.route, d.gate.Open()
	d.mu.Unlock()
	if r == nil || !open { // while closed the asker does it
		return
	}
	if u := r.from.uplink(video); u != nil {
		u.want(now)
	}
}

// feed offers the downlink a packet of u.
func (d *downlink) feed(u *uplink, pkt *stream.Packet, f *stream.Frame, now time.Time) {
	d.mu.Lock()
	ask, r := d.forward(u, pkt, f, now), d.route
	d.mu.Unlock()
	if ask {
		d.askSource(r, now)
	}
}

// forward sends the packet on if it may pass. ask: request a key frame.
// It does not allocate. The caller holds mu.
func (d *downlink) forward(u *uplink, pkt *stream.Packet, f *stream.Frame, now time.Time) (ask bool) {
	r := d.route
	if d.writer == nil || r == nil || r.from != u.seat {
		return false
	}
	if d.source != u || d.sourceID != pkt.SSRC {
		if d.source != nil { // the sender began anew
			d.gate.Reset(r.keyID)
			d.asker.Closed(now)
		}
		d.source, d.sourceID = u, pkt.SSRC
	}
	if len(pkt.Payload) > 0 || !d.gate.Open() {
		pass, opened, closed := d.gate.Pass(f)
		switch {
		case opened:
			d.rewriter.Switch()
			d.asker.Opened(now)
		case closed:
			d.asker.Closed(now)
			ask = d.kind == video && d.asker.Due(now)
		case !pass && d.kind == video && f.Start && f.Keyed && d.gate.Matches(f):
			d.asker.Missed(now)
			ask = d.asker.Due(now)
		}
		if !pass {
			d.gated.Add(1)
			return ask
		}
	}
	var desc *stream.VP8
	if d.kind == video {
		desc = &f.VP8
	}
	out, ok := d.rewriter.Rewrite(pkt, desc, now)
	if !ok {
		d.late.Add(1)
		return ask
	}
	d.header.Marker = pkt.Marker
	d.header.SequenceNumber = out.Seq
	d.header.Timestamp = out.Timestamp
	payload := pkt.Payload
	if d.kind == video && d.ring != nil && !out.Empty {
		slot := d.ring.Reserve(ringHeader + len(payload) + stream.MaxGrowth)
		if slot == nil {
			d.late.Add(1)
			return ask
		}
		n := desc.Rewrite(slot[ringHeader:], payload, out)
		putRingHeader(slot, &d.header)
		d.ring.Keep(out.Seq, ringHeader+n, now)
		payload = slot[ringHeader : ringHeader+n]
	}
	d.write(payload)
	return ask
}

// write sends the header and a payload. The caller holds mu.
func (d *downlink) write(payload []byte) {
	if err := d.writer.WriteRTP(&d.header, payload); err != nil {
		d.failed.Add(1)
		return
	}
	d.sent.Add(1)
	d.octets.Add(uint64(len(payload)))
}

// resend answers a NACK.
func (d *downlink) resend(pairs []rtcp.NackPair, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ring == nil || d.writer == nil {
		return
	}
	for i := range pairs {
		pairs[i].Range(func(seq uint16) bool {
			b := d.ring.Get(seq, now, resendGap)
			if b == nil {
				d.unanswered.Add(1)
				return true
			}
			d.header.Marker = b[0] != 0
			d.header.SequenceNumber = seq
			d.header.Timestamp = ringTimestamp(b)
			d.write(b[ringHeader:])
			d.resent.Add(1)
			return true
		})
	}
}

// tick asks for a key frame and reports, when due.
func (d *downlink) tick(now time.Time) {
	d.mu.Lock()
	r := d.route
	ask := d.kind == video && d.asker.Due(now)
	report := d.senderReport(now)
	d.mu.Unlock()
	if ask {
		d.askSource(r, now)
	}
	if report != nil {
		d.peer.writeRTCP(report)
	}
}

// senderReport maps the source's clock to this stream's timestamps: what was
// captured at the NTP time has the RTP time. The caller holds mu.
func (d *downlink) senderReport(now time.Time) *rtcp.SenderReport {
	if d.source == nil || !d.gate.Open() || now.Before(d.report) || d.writer == nil {
		return nil
	}
	anchor := d.source.anchor.Load()
	if anchor == nil {
		return nil
	}
	d.report = now.Add(reportEvery)
	return &rtcp.SenderReport{
		SSRC:        d.ssrc,
		NTPTime:     stream.NTP(now),
		RTPTime:     anchor.RTPAt(now, clocks[d.kind]) + d.rewriter.TimestampOffset(),
		PacketCount: uint32(d.sent.Load()),
		OctetCount:  uint32(d.octets.Load()),
	}
}
