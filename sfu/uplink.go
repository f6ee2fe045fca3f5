package sfu

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/stream"
)

const (
	feedbackEvery = 100 * time.Millisecond // transport-wide congestion feedback
	reportEvery   = time.Second            // sender and receiver reports
	pliGap        = 100 * time.Millisecond // between two key frame requests of gates
	pliPassGap    = 300 * time.Millisecond // of receivers, and after loss
	rateEvery     = 500 * time.Millisecond // that the rate of what comes is looked at
)

// origin is where an uplink's packets come from and requests go to: a browser, or another node.
type origin interface {
	// askKeyFrame and askPackets ask the sender of ssrc.
	askKeyFrame(ssrc uint32)
	askPackets(ssrc uint32, seqs []uint16)
	// report tells it what arrived.
	report(r rtcp.ReceptionReport)
}

// uplink is what one id sends of one kind.
type uplink struct {
	seat   *seat
	origin origin
	kind   int
	layer  int         // of video in several encodings, 0 is the smallest
	aside  atomic.Bool // another encoding of the same picture is better: neither recorded nor sent to other nodes

	anchor atomic.Pointer[stream.Anchor] // from the newest sender report
	voice  voice                         // audio

	mu        sync.Mutex // guards what follows
	ssrc      uint32
	losses    *stream.Losses // of video that has begun
	nacks     [64]uint16     // scratch
	reception stream.Reception
	report    time.Time // when the next receiver report is due
	asked     time.Time // when a key frame was asked for
	wanted    bool      // a request waits for pliPassGap

	lastLost uint32   // what the last report said was lost in all
	measured struct { // for rate
		at             time.Time
		packets, bytes uint64
	}

	heard  atomic.Int64  // when the last packet came, Unix nanoseconds
	rate   atomic.Int64  // bits per second on the way to a receiver, as last seen; 0: nothing came yet
	pixels atomic.Uint32 // of the picture, where it says so

	packets, bytes, requests, repaired, lost atomic.Uint64
}

func (u *uplink) init(m *seat, from origin, kind int) { u.seat, u.origin, u.kind = m, from, kind }

// announce notes the source that an offer names, so that it can be asked for a
// key frame before its first packet.
func (u *uplink) announce(ssrc uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ssrc == 0 {
		u.ssrc = ssrc
	}
}

// receiveRTP takes one decrypted RTP packet of the peer.
func (p *peer) receiveRTP(b []byte, now time.Time) {
	pkt, err := stream.Parse(b)
	if err != nil {
		p.malformed.Add(1)
		return
	}
	types := p.types.Load()
	if types == nil || types.kind[pkt.PayloadType] < 0 {
		p.unknown.Add(1)
		return
	}
	kind := int(types.kind[pkt.PayloadType])
	p.lastPacket.Store(now.UnixNano())
	if id := types.twcc[kind]; id != 0 {
		if v := pkt.Extension(id); len(v) == 2 {
			p.recordArrival(pkt.SSRC, uint16(v[0])<<8|uint16(v[1]), now)
		}
	}
	if kind == audio && types.level != 0 {
		p.up[audio].voice.heard(pkt.Extension(types.level))
	}
	p.wake()
	repeats := types.apt[pkt.PayloadType] != 0
	u := &p.up[kind]
	if l := p.layers.Load(); l != nil && kind == video {
		if u = l.of(&pkt, types, repeats); u == nil {
			p.unknown.Add(1)
			return
		}
	}
	if repeats && !u.restore(&pkt) {
		return
	}
	if !u.receive(&pkt, types.codec[pkt.PayloadType], now) {
		p.malformed.Add(1)
	}
	if kind == audio { // more often than the tick: the last packets of a picture are followed by none of it
		for v := range p.uplinks {
			v.nudge(now)
		}
	}
}

// restore turns a retransmission (RFC 4588) into the packet that it repeats. It answers false when that one is not missing:
// browsers probe with padding, and with what arrived long ago.
func (u *uplink) restore(pkt *stream.Packet) bool {
	if len(pkt.Payload) < 2 {
		return false
	}
	seq := binary.BigEndian.Uint16(pkt.Payload)
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.losses == nil || !u.losses.Missing(seq) {
		return false
	}
	pkt.Seq, pkt.SSRC, pkt.Payload = seq, u.ssrc, pkt.Payload[2:]
	u.repaired.Add(1)
	return true
}

// receive does the uplink's bookkeeping and forwards the packet. It answers false
// when the packet is malformed.
func (u *uplink) receive(pkt *stream.Packet, codec stream.Codec, now time.Time) bool {
	var frame stream.Frame
	if u.kind == video {
		if len(pkt.Payload) > 0 {
			var err error
			if frame, err = stream.InspectVideo(codec, pkt.Payload); err != nil {
				return false
			}
		}
	} else {
		frame = stream.InspectAudio(pkt.Payload)
	}
	u.packets.Add(1)
	u.bytes.Add(uint64(len(pkt.Payload)))
	u.heard.Store(now.UnixNano())
	if frame.Pixels > 0 {
		u.pixels.Store(frame.Pixels)
	}
	u.account(pkt, now)
	aside := u.aside.Load()
	if fed := u.seat.fed.Load(); fed != nil {
		for _, to := range *fed {
			if d := to.downlink(u.kind); d != nil {
				d.feed(u, pkt, &frame, now)
			}
			if r := to.route.Load(); !aside && r != nil && r.recorder != nil && r.from == u.seat && r.recorder.add(u.kind, pkt, &frame, now) {
				u.want(now)
			}
		}
	}
	if outlets := u.seat.outlets.Load(); outlets != nil && !aside {
		for _, o := range *outlets {
			o.forward(u, pkt, codec, now)
		}
	}
	return true
}

// account notes the packet for reports, and asks again for lost ones.
func (u *uplink) account(pkt *stream.Packet, now time.Time) {
	u.mu.Lock()
	if u.ssrc != pkt.SSRC {
		u.ssrc = pkt.SSRC
		u.losses = nil
		u.reception, u.lastLost = stream.Reception{}, 0
		u.anchor.Store(nil)
	}
	u.reception.Packet(pkt, clocks[u.kind], now)
	if u.kind == audio {
		u.mu.Unlock()
		return
	}
	if u.losses == nil {
		u.losses = &stream.Losses{} // 7 KB that a waiting peer does without
	}
	u.losses.Received(pkt.Seq, pkt.Marker, now)
	due, lost := u.due(now)
	ssrc := u.ssrc
	u.mu.Unlock()
	u.request(ssrc, due, lost, now)
}

// nudge asks for lost packets when that is due.
func (u *uplink) nudge(now time.Time) {
	u.mu.Lock()
	if u.losses == nil {
		u.mu.Unlock()
		return
	}
	due, lost := u.due(now)
	ssrc := u.ssrc
	u.mu.Unlock()
	u.request(ssrc, due, lost, now)
}

// request asks for packets, or for a key frame if one was given up.
func (u *uplink) request(ssrc uint32, due []uint16, picture bool, now time.Time) {
	if len(due) > 0 {
		u.origin.askPackets(ssrc, due)
	}
	if picture {
		u.want(now)
	}
}

// due are the lost packets to ask for now, in memory of their own: the list is read
// when mu is free again. The caller holds mu.
func (u *uplink) due(now time.Time) (seqs []uint16, lost bool) {
	seqs, lost = u.losses.Due(now, u.nacks[:0])
	return slices.Clone(seqs), lost
}

func (p *peer) askPackets(ssrc uint32, seqs []uint16) {
	p.writeRTCP(&rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(seqs)})
}

func (p *peer) askKeyFrame(ssrc uint32) {
	p.writeRTCP(&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: ssrc})
}

func (p *peer) report(r rtcp.ReceptionReport) {
	p.writeRTCP(&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{r}})
}

// ask sends a key frame request, unless one was sent within gap.
func (u *uplink) ask(now time.Time, gap time.Duration) bool {
	u.mu.Lock()
	if u.ssrc == 0 || now.Sub(u.asked) < gap {
		u.mu.Unlock()
		return false
	}
	u.asked, u.wanted = now, false
	ssrc := u.ssrc
	u.mu.Unlock()
	u.requests.Add(1)
	u.origin.askKeyFrame(ssrc)
	return true
}

// want asks for a key frame now or, when one was asked for lately, a little
// later; many requests become one. Nobody to see it, nothing asked.
func (u *uplink) want(now time.Time) {
	if !u.seat.seen() || !u.taken() {
		return
	}
	if !u.ask(now, pliPassGap) {
		u.mu.Lock()
		u.wanted = true
		u.mu.Unlock()
	}
}

// taken says whether anybody gets what comes here.
func (u *uplink) taken() bool {
	if u.kind != video || u.seat.remote != nil {
		return true
	}
	l := u.seat.layers()
	return l == nil || l.taken.Load()>>u.layer&1 != 0
}

// measure finds out the rate, over half a second each. The caller holds mu.
func (u *uplink) measure(now time.Time) {
	m := &u.measured
	elapsed := now.Sub(m.at)
	if elapsed < rateEvery {
		return
	}
	packets, bytes := u.packets.Load(), u.bytes.Load()
	if elapsed < 4*rateEvery && packets > m.packets { // else there was a pause
		bits := float64(8*(bytes-m.bytes)+8*packetOverhead*(packets-m.packets)) / elapsed.Seconds()
		if before := u.rate.Load(); before > 0 {
			bits = (bits + float64(before)) / 2
		}
		u.rate.Store(int64(bits))
	}
	m.at, m.packets, m.bytes = now, packets, bytes
}

// tick does what is due without a packet.
func (u *uplink) tick(now time.Time) {
	u.mu.Lock()
	u.measure(now)
	var due []uint16
	var lost bool
	if u.losses != nil {
		due, lost = u.due(now)
	}
	ssrc, wanted := u.ssrc, u.wanted
	var r stream.Report
	report := u.reception.Started() && !now.Before(u.report)
	if report {
		u.report = now.Add(reportEvery)
		r = u.reception.Report(now)
		if r.TotalLost > u.lastLost {
			u.lost.Add(uint64(r.TotalLost - u.lastLost))
		}
		u.lastLost = r.TotalLost
	}
	u.mu.Unlock()
	if report && u.kind == audio {
		r.FractionLost = max(r.FractionLost, u.seat.soundLost(now))
	}
	u.request(ssrc, due, lost || wanted, now)
	if report {
		u.origin.report(rtcp.ReceptionReport{
			SSRC: ssrc, FractionLost: r.FractionLost, TotalLost: r.TotalLost,
			LastSequenceNumber: r.Highest, Jitter: r.Jitter, LastSenderReport: r.LastSR, Delay: r.Delay,
		})
	}
}

// recordArrival notes a transport-wide sequence number, and sends feedback when due.
func (p *peer) recordArrival(ssrc uint32, seq uint16, now time.Time) {
	f := &p.feedback
	f.mu.Lock()
	f.rec.Record(ssrc, seq, now.UnixMicro())
	p.sendFeedback(now)
	f.mu.Unlock()
}

// sendFeedback sends what was recorded, every feedbackEvery. The caller holds feedback.mu.
func (p *peer) sendFeedback(now time.Time) {
	f := &p.feedback
	if now.Before(f.next) || f.rec.PacketsHeld() == 0 {
		return
	}
	f.next = now.Add(feedbackEvery)
	if pkts := f.rec.BuildFeedbackPacket(); len(pkts) > 0 {
		p.writeRTCP(pkts...)
	}
}
