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
	formats  [stream.Codecs]format
	number   [2]byte   // transport-wide sequence number, in both headers where there is one
	budget   budget    // for packets sent again
	copies   copies    // of those
	echo     []byte    // the last sound, to be sent once more, as in the ring; empty: nothing
	echoed   time.Time // when it was sent
	route    *route
	source   *uplink
	sourceID uint32 // its SSRC
	codec    stream.Codec
	layer    int       // the encoding to send, where there are several
	aim      int       // the one to send if it came
	turn     time.Time // when a key frame of layer is asked for again
	gate     stream.Gate
	next     *route // takes the place of route as soon as something of it passes nextGate; nil mostly
	nextGate stream.Gate
	rewriter stream.Rewriter
	ring     *stream.Ring // video, while there is a route
	asker    stream.Asker
	held     bool      // the receiver's network does not carry it: see afford
	report   time.Time // when the next sender report is due
	passage  Passage   // of the route

	heard lossReport // of sound

	sent, octets                    atomic.Uint64
	resent, unanswered, gated, late atomic.Uint64
	failed, probes, lost            atomic.Uint64
}

func newDownlink(p *peer, slot, kind int) *downlink {
	ssrc := p.source(slot, kind)
	repair := rtp.Header{Version: 2, SequenceNumber: uint16(rand.Uint32())}
	if kind == video {
		repair.SSRC = ssrc | repairBit
	}
	return &downlink{
		peer: p, kind: kind, ssrc: ssrc, header: rtp.Header{Version: 2, SSRC: ssrc}, repair: repair,
		gate: stream.NewGate(kind == video), nextGate: stream.NewGate(kind == video),
		rewriter: stream.NewRewriter(clocks[kind], stream.Start{
			Seq: uint16(rand.Uint32()), Timestamp: rand.Uint32(), PictureID: uint16(rand.Uint32()),
			TL0: uint8(rand.Uint32()), KeyIdx: uint8(rand.Uint32()),
		}),
	}
}

// format is how the browser knows a codec by. The zero value is one that it does not have.
type format struct{ payload, rtx uint8 } // types

// negotiated notes the headers that the browser wants. Under others nothing is sent again: two headers under one number
// would break AES-GCM.
func (d *downlink) negotiated(codecs []codec, h headers) {
	var formats [stream.Codecs]format
	for _, c := range codecs {
		formats[c.id] = format{c.payload, c.rtx}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.formats == formats && d.twcc == h.twcc {
		return
	}
	if d.ring != nil {
		d.ring.Reset()
	}
	d.echo = d.echo[:0]
	d.twcc, d.formats = h.twcc, formats
	for _, header := range []*rtp.Header{&d.header, &d.repair} {
		header.Extension, header.Extensions = false, nil
		if h.twcc != 0 {
			_ = header.SetExtension(h.twcc, d.number[:]) // fails for ids over 14, which headers do not have
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
// source is sent any more, unless it is one who moves.
func (d *downlink) routed(r *route, keyed bool, now time.Time) {
	d.mu.Lock()
	if r != nil && d.follow(r, now) {
		ask, layer := d.kind == video && d.asker.Due(now), d.layer
		d.mu.Unlock()
		if ask {
			askSource(r, layer, now)
		}
		return
	}
	d.route, d.next = r, nil
	d.source = nil
	d.echo = d.echo[:0]
	d.heard.forget()
	d.held = false
	d.report = time.Time{} // the next report brings voice and lips of the new source together
	d.passage = Passage{Routed: now}
	if r == nil {
		d.asker.Stop()
		if d.ring != nil {
			d.peer.server.metrics.rings.Put(d.ring)
			d.ring = nil
		}
		d.mu.Unlock()
		return
	}
	d.layer = r.from.opening()
	d.aim = d.layer
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
	ask, layer := d.asker.Due(now), d.layer
	d.mu.Unlock()
	if ask {
		askSource(r, layer, now)
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
	r, layer := d.asked(), d.layer
	d.mu.Unlock()
	if ask {
		askSource(r, layer, now)
	}
}

func (d *downlink) shown() Passage {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asker.Shown()
	return d.passage
}

// askSource asks the route's sender for a key frame of an encoding.
func askSource(r *route, layer int, now time.Time) {
	if r == nil {
		return
	}
	if u := r.from.picture(layer); u != nil {
		u.ask(now, pliGap)
	}
}

// wantKeyFrame passes on a request of the receiver.
func (d *downlink) wantKeyFrame(now time.Time) {
	d.mu.Lock()
	u, open := d.source, d.gate.Open()
	d.mu.Unlock()
	if u != nil && open { // while closed the asker does it
		u.want(now)
	}
}

// feed offers the downlink a packet of u.
func (d *downlink) feed(u *uplink, pkt *stream.Packet, f *stream.Frame, now time.Time) {
	d.mu.Lock()
	ask, r, layer := d.forward(u, pkt, f, now), d.asked(), d.layer
	d.mu.Unlock()
	if ask {
		askSource(r, layer, now)
	}
}

// forward sends the packet on if it may pass. ask: request a key frame.
// It does not allocate. The caller holds mu.
func (d *downlink) forward(u *uplink, pkt *stream.Packet, f *stream.Frame, now time.Time) (ask bool) {
	if d.writer == nil || d.route == nil {
		return false
	}
	if d.next != nil && d.next.from == u.seat && !d.arrived(u, pkt.SSRC, f, now) {
		return false
	}
	r := d.route
	if r.from != u.seat {
		return false
	}
	if d.kind == video && !d.follows(u, pkt, f) {
		return false
	}
	if d.held {
		d.gated.Add(1)
		return false
	}
	if d.passage.Fed.IsZero() {
		d.passage.Fed = now
	}
	codec := d.codec
	if len(pkt.Payload) > 0 {
		codec = f.Codec()
	}
	switch {
	case d.source != u || d.sourceID != pkt.SSRC:
		if d.source != nil { // the sender began anew
			d.gate.Reset(r.keyID)
			d.asker.Closed(now)
		}
		d.source, d.sourceID, d.codec = u, pkt.SSRC, codec
	case d.codec != codec && !d.rewriter.Newer(pkt.Seq):
		d.late.Add(1)
		return false
	case d.codec != codec: // it goes on with a key frame of another codec
		d.gate.Reset(r.keyID)
		d.asker.Closed(now)
		d.codec = codec
	}
	format := d.formats[codec]
	if format.payload == 0 && d.kind == video { // the receiver does not know it: its page asks the sender's for another
		d.gated.Add(1)
		return false
	}
	if len(pkt.Payload) > 0 || !d.gate.Open() {
		pass, opened, closed := d.gate.Pass(f)
		switch {
		case opened:
			d.rewriter.Switch()
			if d.passage.Opened.IsZero() {
				d.passage.Opened = now
			}
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
	var desc *stream.Descriptor
	if d.kind == video {
		desc = &f.Descriptor
	}
	out, ok := d.rewriter.Rewrite(pkt, desc, now)
	if !ok {
		d.late.Add(1)
		return ask
	}
	d.sendEcho(now)
	d.header.PayloadType = format.payload
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
		copies := d.stamp(len(payload), now)
		putRingHeader(slot, &d.header, codec, d.number)
		d.ring.Keep(out.Seq, ringHeader+n, now)
		d.write(&d.header, payload)
		if format.rtx != 0 {
			for range copies {
				d.again(slot[:ringHeader+n], now)
				d.probes.Add(1)
			}
			if pkt.Marker && copies == 0 && d.peer.outward.lossy.Load() && d.budget.take(n, d.peer.outward.limit.Load(), now) { // its loss would show only when the next picture comes
				d.again(slot[:ringHeader+n], now)
				d.resent.Add(1)
			}
		}
		d.sendCopy(now)
		return ask
	}
	d.stamp(len(payload), now)
	d.write(&d.header, payload)
	d.keepEcho(payload, codec, now)
	return ask
}

// stamp gives the next packet its transport-wide number. copies: send it so often again. The caller holds mu.
func (d *downlink) stamp(size int, now time.Time) (copies int) {
	if d.twcc == 0 {
		return 0
	}
	seq, copies := d.peer.outward.sent(headerSize+size, now)
	binary.BigEndian.PutUint16(d.number[:], seq)
	return copies
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
	limit := d.peer.outward.limit.Load()
	lossy := d.peer.outward.lossy.Load()
	for i := range pairs {
		pairs[i].Range(func(seq uint16) bool {
			b := d.ring.Get(seq, now, resendGap)
			if b == nil || !d.budget.take(len(b)-ringHeader, limit, now) {
				d.unanswered.Add(1)
				return true
			}
			d.again(b, now)
			d.resent.Add(1)
			if lossy && d.formats[ringCodec(b)].rtx != 0 {
				d.copies.add(seq)
			}
			return true
		})
	}
}

// sendCopy sends a repair for the second time, if one is waiting. The caller holds mu.
func (d *downlink) sendCopy(now time.Time) {
	seq, ok := d.copies.next()
	if !ok {
		return
	}
	b := d.ring.Get(seq, now, 0)
	if b != nil && d.budget.take(len(b)-ringHeader, d.peer.outward.limit.Load(), now) {
		d.again(b, now)
		d.resent.Add(1)
	}
}

// again sends a packet of the ring once more: in a stream of its own, or else bit for bit, since it is encrypted under the
// same nonce. The caller holds mu.
func (d *downlink) again(b []byte, now time.Time) {
	format := d.formats[ringCodec(b)]
	if format.rtx == 0 {
		d.header.PayloadType = format.payload
		ringPacket(b, &d.header, &d.number)
		d.write(&d.header, b[ringHeader:])
		return
	}
	payload := b[ringHeader-2:] // the original sequence number in front
	d.stamp(len(payload), now)
	d.repair.PayloadType = format.rtx
	d.repair.Marker, d.repair.Timestamp = ringMarker(b), ringTimestamp(b)
	d.repair.SequenceNumber++
	d.write(&d.repair, payload)
}

// tick asks for a key frame and reports, when due.
func (d *downlink) tick(now time.Time) {
	d.mu.Lock()
	r, layer := d.asked(), d.layer
	ask := d.kind == video && d.asker.Due(now)
	turns := d.turning(now)
	report := d.senderReport(now)
	d.mu.Unlock()
	switch {
	case ask:
		askSource(r, layer, now)
	case turns:
		if u := r.from.picture(layer); u != nil {
			u.ask(now, pliPassGap)
		}
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
