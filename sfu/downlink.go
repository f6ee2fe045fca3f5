package sfu

import (
	"encoding/binary"
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
	repair   rtp.Header // reused, of packets sent again (RFC 4588) where they have a payload type of their own
	twcc     uint8      // id of that number; 0 is none
	number   [2]byte    // transport-wide sequence number, in both headers where there is one
	budget   budget     // for packets sent again
	route    *route
	source   *uplink
	sourceID uint32 // its SSRC
	gate     stream.Gate
	rewriter stream.Rewriter
	ring     *stream.Ring // video, while there is a route
	asker    stream.Asker
	held     bool      // the receiver's network does not carry it: see afford
	report   time.Time // when the next sender report is due
	opened   time.Time // of the route, for metrics

	sent, octets                    atomic.Uint64
	resent, unanswered, gated, late atomic.Uint64
	failed, probes                  atomic.Uint64
}

func newDownlink(p *peer, slot, kind int) *downlink {
	ssrc := p.source(slot, kind)
	repair := rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32())}
	if kind == video {
		repair.SSRC = ssrc | repairBit
	}
	return &downlink{
		peer: p, kind: kind, ssrc: ssrc, header: rtp.Header{Version: 2, SSRC: ssrc}, repair: repair,
		gate: stream.NewGate(kind == video),
		rewriter: stream.NewRewriter(clocks[kind], stream.Start{
			Seq: uint16(rand.Uint32()), Timestamp: rand.Uint32(), PictureID: uint16(rand.Uint32()),
			TL0: uint8(rand.Uint32()), KeyIdx: uint8(rand.Uint32()),
		}),
	}
}

// negotiated notes the headers that the browser wants. Under others nothing is sent again: two headers under one number
// would break AES-GCM.
func (d *downlink) negotiated(c *codec) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.header.PayloadType == c.payload && d.repair.PayloadType == c.rtx && d.twcc == c.twcc {
		return
	}
	if d.ring != nil {
		d.ring.Reset()
	}
	d.twcc = c.twcc
	d.header.PayloadType, d.repair.PayloadType = c.payload, c.rtx
	for _, h := range []*rtp.Header{&d.header, &d.repair} {
		h.Extension, h.Extensions = false, nil
		if c.twcc != 0 {
			_ = h.SetExtension(c.twcc, d.number[:]) // fails for ids over 14, which codec does not have
		}
	}
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
	d.held = false
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
	d.peer.outward.switched(now)
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
	if d.held {
		d.mu.Unlock()
		return
	}
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
	if d.held {
		d.gated.Add(1)
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
		payload = slot[ringHeader : ringHeader+n]
		probe := d.stamp(len(payload), now)
		putRingHeader(slot, &d.header, d.number)
		d.ring.Keep(out.Seq, ringHeader+n, now)
		d.write(&d.header, payload)
		if probe && d.repair.PayloadType != 0 {
			d.again(slot[:ringHeader+n], now)
			d.probes.Add(1)
		}
		return ask
	}
	d.stamp(len(payload), now)
	d.write(&d.header, payload)
	return ask
}

// stamp gives the next packet its transport-wide number. probe: send it twice. The caller holds mu.
func (d *downlink) stamp(size int, now time.Time) (probe bool) {
	if d.twcc == 0 {
		return false
	}
	seq, probe := d.peer.outward.sent(headerSize+size, now)
	binary.BigEndian.PutUint16(d.number[:], seq)
	return probe
}

// write sends a header and a payload. The caller holds mu.
func (d *downlink) write(h *rtp.Header, payload []byte) {
	if err := d.writer.WriteRTP(h, payload); err != nil {
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
			if !d.budget.take(now) {
				d.unanswered.Add(1)
				return false
			}
			b := d.ring.Get(seq, now, resendGap)
			if b == nil {
				d.unanswered.Add(1)
				return true
			}
			d.again(b, now)
			d.resent.Add(1)
			return true
		})
	}
}

// again sends a packet of the ring once more: in a stream of its own, or else bit for bit, since it is encrypted under the
// same nonce. The caller holds mu.
func (d *downlink) again(b []byte, now time.Time) {
	if d.repair.PayloadType == 0 {
		ringPacket(b, &d.header, &d.number)
		d.write(&d.header, b[ringHeader:])
		return
	}
	payload := b[ringHeader-2:] // the original sequence number in front
	d.stamp(len(payload), now)
	d.repair.Marker, d.repair.Timestamp = b[0] != 0, ringTimestamp(b)
	d.repair.SequenceNumber++
	d.write(&d.repair, payload)
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
