package sfu

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"passerby/sfu/internal/stream"
	"passerby/sfu/link"
)

// outletLease is how long a node is fed without asking again.
const outletLease = 5 * time.Second

// outlet feeds another node from one id: one copy, however many receivers there are.
type outlet struct {
	server *Server
	link   *link.Link
	seat   *seat
	stream uint32
	until  atomic.Int64 // Unix nanoseconds
	limit  atomic.Int64 // bits per second that the node's receivers can take; 0: no limit is known
	lost   lossReport   // of sound, by the node's receivers

	mu         sync.Mutex // guards what follows; held while a packet is sent
	ssrc       [2]uint32
	generation [2]uint8
	ring       *stream.Ring // video frames as they were sent, once there are some
	scratch    []byte
	over       bool
}

// feed begins to feed the node from m. The caller holds Server.mu.
func (n *neighbour) feed(m *seat, l *link.Link, id uint32, now time.Time) *outlet {
	o := &outlet{server: n.server, link: l, seat: m, stream: id}
	o.until.Store(now.Add(outletLease).UnixNano())
	n.mu.Lock()
	n.outlets[id] = o
	n.mu.Unlock()
	var all []*outlet
	if p := m.outlets.Load(); p != nil {
		all = slices.Clone(*p)
	}
	all = append(all, o)
	m.outlets.Store(&all)
	return o
}

// shut feeds the node no more. The caller holds Server.mu.
func (n *neighbour) shut(o *outlet) {
	if n.outlets[o.stream] != o {
		return
	}
	n.mu.Lock()
	delete(n.outlets, o.stream)
	n.mu.Unlock()
	all := slices.DeleteFunc(slices.Clone(*o.seat.outlets.Load()), func(other *outlet) bool { return other == o })
	o.seat.outlets.Store(&all)
	o.mu.Lock()
	o.over = true
	if o.ring != nil {
		n.server.metrics.rings.Put(o.ring)
		o.ring = nil
	}
	o.mu.Unlock()
	n.server.discard(o.seat)
}

// forward sends a packet of the id's uplink on. It does not allocate.
func (o *outlet) forward(u *uplink, pkt *stream.Packet, codec stream.Codec, now time.Time) {
	if now.UnixNano() > o.until.Load() {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.over {
		return
	}
	begins := o.ssrc[u.kind] != pkt.SSRC
	if begins {
		o.ssrc[u.kind] = pkt.SSRC
		o.generation[u.kind] = (o.generation[u.kind] + 1) & 7
		if u.kind == video && o.ring == nil {
			o.ring = o.server.newRing()
		} else if u.kind == video {
			o.ring.Reset()
		}
	}
	f := link.Frame{
		Kind: mediaKind(u.kind, codec), Generation: o.generation[u.kind], Marker: pkt.Marker,
		Seq: pkt.Seq, Stream: o.stream, Timestamp: pkt.Timestamp, Payload: pkt.Payload,
	}
	buf := o.scratch[:0]
	if u.kind == video {
		if buf = o.ring.Reserve(link.Overhead + len(pkt.Payload)); buf == nil {
			return
		}
	}
	frame := f.Append(buf[:0])
	if u.kind == video {
		o.ring.Keep(pkt.Seq, len(frame), now)
	} else {
		o.scratch = frame
	}
	o.link.Send(frame)
	if begins {
		o.sendAnchor(u.kind, u.anchor.Load(), now)
	}
}

func mediaKind(kind int, codec stream.Codec) link.Kind {
	if kind == audio {
		return link.Audio
	}
	return videoKinds[codec]
}

// videoKinds are the link's kinds by stream.Codec.
var videoKinds = [stream.Codecs]link.Kind{link.Video, link.VideoVP9, link.VideoAV1, link.VideoH264}

// resend answers a request for packets, two bytes each.
func (o *outlet) resend(seqs []byte, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for ; len(seqs) >= 2 && o.ring != nil; seqs = seqs[2:] {
		if b := o.ring.Get(binary.BigEndian.Uint16(seqs), now, resendGap); b != nil {
			o.link.Send(b)
		}
	}
}

// state says whether the id has its keys.
func (o *outlet) state(keyed bool) {
	payload := []byte{0}
	if keyed {
		payload[0] = 1
	}
	o.link.Send(link.Frame{Kind: link.State, Stream: o.stream, Payload: payload}.Append(nil))
}

// anchor passes on what a sender report says.
func (o *outlet) anchor(kind int, a *stream.Anchor, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ssrc[kind] != 0 { // else the receiver knows of no source yet
		o.sendAnchor(kind, a, now)
	}
}

func (o *outlet) sendAnchor(kind int, a *stream.Anchor, now time.Time) {
	if a != nil {
		o.link.Send(link.Frame{Kind: link.Anchor, Stream: o.stream, Payload: appendAnchor(nil, kind, a, now)}.Append(nil))
	}
}
