package sfu

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/stream"
	"passerby/sfu/link"
)

const (
	openRetry = 200 * time.Millisecond // until the other node answers
	openRenew = time.Second            // and then, so that it goes on
)

// remote is an id that lives on another node, as a source here: its uplinks
// are fed by the link, and their requests go back on it.
//
//	node of the publisher                        │ node of the receiver
//	uplink ─▶ outlet ─▶ ring ── Audio, Video ────┼─▶ uplink of the remote ─▶ downlinks
//	uplink ◀────────── AskKeyFrame, AskPackets ──┼── as on one node
//	keyed, sender reports ───── State, Anchor ───┼─▶ as on one node
//	                   ◀── Open, each second ────┼── while anybody here is fed
//	                   ◀── Limit ────────────────┼── when a receiver can take no more
//	                   ◀── Loss, each second ────┼── while a receiver misses sound
type remote struct {
	n      *neighbour
	seat   *seat
	stream uint32
	up     [2]uplink

	epoch    atomic.Uint32 // grows with each link, so that sources begin anew
	opened   atomic.Int64  // when Open was sent last, Unix nanoseconds
	answered atomic.Bool

	restraint restraint
	missed    struct { // Loss as told last
		told uint8
		at   time.Time
	}
}

// remote gives the id of this node, and asks for it when it is new. The caller holds Server.mu.
func (n *neighbour) remote(id string) *remote {
	if r := n.remotes[id]; r != nil {
		return r
	}
	n.last++
	r := &remote{n: n, seat: &seat{id: id}, stream: n.last}
	r.seat.remote = r
	for kind := range r.up {
		r.up[kind].init(r.seat, r, kind)
		r.up[kind].announce(1) // so that it can be asked before its first packet
	}
	n.remotes[id] = r
	n.mu.Lock()
	n.streams[r.stream] = r
	n.mu.Unlock()
	r.anew(time.Now())
	return r
}

// drop tells the node that nobody here is fed by the id any more. The caller holds Server.mu.
func (r *remote) drop() {
	n := r.n
	if n.remotes[r.seat.id] != r {
		return
	}
	delete(n.remotes, r.seat.id)
	n.mu.Lock()
	delete(n.streams, r.stream)
	n.mu.Unlock()
	n.send(link.Frame{Kind: link.Close, Stream: r.stream})
	n.forget()
}

// anew begins with a link, or before there is one.
func (r *remote) anew(now time.Time) {
	r.epoch.Add(1)
	r.answered.Store(false)
	r.open(now)
}

func (r *remote) open(now time.Time) {
	r.opened.Store(now.UnixNano())
	r.n.send(link.Frame{Kind: link.Open, Stream: r.stream, Payload: []byte(r.seat.id)})
}

// tick asks again when that is due, for the stream and for lost packets. Every peer that the id feeds calls it.
func (r *remote) tick(now time.Time) {
	every := openRetry
	if r.answered.Load() {
		every = openRenew
	}
	if now.UnixNano()-r.opened.Load() >= int64(every) {
		r.open(now)
	}
	r.up[video].tick(now)
	if bits, tell := r.restraint.due(r.seat.limit(), now); tell {
		r.n.send(link.Frame{Kind: link.Limit, Stream: r.stream, Payload: binary.BigEndian.AppendUint64(nil, uint64(bits))})
	}
	r.tellMissed(now)
}

// tellMissed tells how much of the sound is missed here, while any is.
func (r *remote) tellMissed(now time.Time) {
	lost, m := r.seat.soundLost(now), &r.missed
	if lost == 0 && m.told == 0 || now.Sub(m.at) < reportEvery {
		return
	}
	m.told, m.at = lost, now
	r.n.send(link.Frame{Kind: link.Loss, Stream: r.stream, Payload: []byte{lost}})
}

// take takes what the node says or sends.
func (r *remote) take(f link.Frame, now time.Time) {
	switch f.Kind {
	case link.Audio:
		r.receive(audio, 0, &f, now)
	case link.Video, link.VideoVP9, link.VideoAV1, link.VideoH264:
		r.receive(video, stream.Codec(slices.Index(videoKinds[:], f.Kind)), &f, now)
	case link.Anchor:
		if kind, a, ok := parseAnchor(f.Payload, now); ok {
			r.up[kind].anchor.Store(a)
		}
	case link.State:
		r.answered.Store(true)
		if len(f.Payload) == 1 {
			r.keyed(f.Payload[0] == 1)
		}
	}
}

// receive hands a packet to the uplink, under a source number made of the link's and the publisher's beginnings.
func (r *remote) receive(kind int, codec stream.Codec, f *link.Frame, now time.Time) {
	pkt := stream.Packet{
		Payload: f.Payload, Timestamp: f.Timestamp, SSRC: r.epoch.Load()<<3 | uint32(f.Generation), Seq: f.Seq, Marker: f.Marker,
	}
	if !r.up[kind].receive(&pkt, codec, now) {
		r.n.server.metrics.garbled.Add(1)
	}
}

func (r *remote) keyed(yes bool) {
	s := r.n.server
	s.mu.Lock()
	news := yes && !r.seat.keyed
	r.seat.keyed = yes
	s.mu.Unlock()
	if news {
		r.seat.tellKeyed()
	}
}

func (r *remote) askKeyFrame(uint32) {
	r.n.send(link.Frame{Kind: link.AskKeyFrame, Stream: r.stream})
}

func (r *remote) askPackets(_ uint32, seqs []uint16) {
	payload := make([]byte, 0, 2*len(seqs))
	for _, seq := range seqs {
		payload = binary.BigEndian.AppendUint16(payload, seq)
	}
	r.n.send(link.Frame{Kind: link.AskPackets, Stream: r.stream, Payload: payload})
}

// report is not sent: the publisher hears of losses on its own way from its node.
func (r *remote) report(rtcp.ReceptionReport) {}
