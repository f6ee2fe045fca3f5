package sfu

import (
	"net/netip"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu/internal/udp"
)

// Media takes a way of its own beside pion, which sets the connection up and keeps it: what comes over SRTP is decrypted
// on the goroutine that read it, and what goes out is written to the pair that ICE has selected.

// protect begins with SRTP, once DTLS has proven whose certificate the peer has.
func (p *peer) protect() error {
	if p.shield.Load() != nil {
		return nil
	}
	keys, err := p.exporter.srtp()
	if err != nil {
		return err
	}
	s := &shield{keys: keys}
	p.shield.Store(s)
	for d := range p.downlinks {
		d.open(s)
	}
	return nil
}

// selected is called when ICE has a pair, or another.
func (p *peer) selected(pair *webrtc.ICECandidatePair) {
	ip, err := netip.ParseAddr(pair.Remote.Address)
	if err != nil {
		p.server.log.Error("selected pair", "session", p.seat.id, "error", err)
		return
	}
	addr := netip.AddrPortFrom(ip, pair.Remote.Port)
	if pair.Remote.Protocol == webrtc.ICEProtocolTCP {
		p.tcp.use(addr)
		p.udp.Select(netip.AddrPort{})
		return
	}
	p.udp.Select(addr)
	p.tcp.use(netip.AddrPort{})
}

// receive takes one SRTP or SRTCP packet. It writes on b. A panic ends with the packet.
func (p *peer) receive(b []byte) {
	defer p.recovered()
	s := p.shield.Load()
	if s == nil || len(b) < 2 || p.ended.Load() {
		return
	}
	var sources int
	var err error
	now := time.Now()
	if b[1] >= 192 && b[1] <= 223 { // RFC 5761 §4
		if b, sources, err = s.openRTCP(b); err == nil {
			p.receiveRTCP(b, now)
		}
	} else if b, sources, err = s.openRTP(b); err == nil {
		p.receiveRTP(b, now)
	}
	switch {
	case err != nil:
		p.malformed.Add(1)
	case sources > maxSSRCs:
		p.abuse("sources")
	}
}

func (p *peer) recovered() {
	if r := recover(); r != nil {
		p.panics.Add(1)
		p.server.log.Error("panic on a packet", "session", p.seat.id, "panic", r)
	}
}

// rtpWriter sends the packets of a downlink. Each has room for itself until it returns.
type rtpWriter interface {
	WriteRTP(h *rtp.Header, payload []byte) error
}

// protected is the rtpWriter of a peer that is connected.
type protected struct {
	peer   *peer
	shield *shield
}

func (w *protected) WriteRTP(h *rtp.Header, payload []byte) error {
	pkt := udp.NewPacket()
	b, err := w.shield.sealRTP(pkt.Room(), h, payload)
	if err != nil {
		pkt.Free()
		return err
	}
	pkt.SetLen(len(b))
	w.peer.transmit(pkt)
	return nil
}

// writeRTCP sends reports and requests. Without keys there is nobody to hear them.
func (p *peer) writeRTCP(pkts ...rtcp.Packet) {
	s := p.shield.Load()
	if s == nil {
		return
	}
	// Each by itself: a compound packet of ours would need a report in front.
	for _, report := range pkts {
		plain, err := report.Marshal()
		if err != nil {
			p.server.log.Error("write RTCP", "session", p.seat.id, "error", err)
			continue
		}
		pkt := udp.NewPacket()
		b, err := s.sealRTCP(pkt.Room(), plain)
		if err != nil {
			pkt.Free()
			continue
		}
		pkt.SetLen(len(b))
		p.transmit(pkt)
	}
}

// transmit sends a packet, which is its own from now on, over the selected pair.
func (p *peer) transmit(pkt *udp.Packet) {
	if p.ended.Load() || !p.consents.Load() || p.tcp.send(pkt.Bytes()) {
		pkt.Free()
		return
	}
	p.udp.Send(pkt)
}
