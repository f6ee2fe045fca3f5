package sfu

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pion/sdp/v3"

	"passerby/sfu/internal/stream"
)

// MaxLayers is how many encodings of its picture one browser may send at once; of an offer with more the first count.
const MaxLayers = 3

const (
	layerGap    = 500 * time.Millisecond // an encoding that is silent for so long while another one goes on is gone
	layerLinger = 2 * time.Second        // that an encoding is sent after the last who took it
	layerAsk    = 500 * time.Millisecond // between two requests for the key frame with which another encoding begins
)

// layers are the encodings of one picture that a browser sends at once (simulcast, RFC 8853), the smallest first, as its offer
// lists them. Each is an uplink of its own. Which of them a receiver gets is decided on his side (choose.go).
//
//	browser A ── l ──▶ up[0] ──┐              ┌── small, or on a narrow way
//	          ── m ──▶ up[1]   ├─▶ downlinks ─┤
//	          ── h ──▶ up[2] ──┘              └── large
//	          ◀── Taken: l, h, so that m costs nothing
type layers struct {
	rids         []string
	up           []*uplink
	ssrc, repair [MaxLayers]atomic.Uint32 // by which packets are known that do not say their RID

	taken atomic.Uint32        // a bit for each encoding that somebody gets, or would
	since [MaxLayers]time.Time // when somebody was seen to; only the sender's tick uses it
}

// findRIDs reads the encodings that a section sends.
func findRIDs(m *sdp.MediaDescription) (rids []string) {
	said, _ := m.Attribute("simulcast")
	direction, list, _ := strings.Cut(strings.TrimSpace(said), " ")
	if direction != "send" {
		return nil
	}
	list, _, _ = strings.Cut(strings.TrimSpace(list), " ")
	for _, one := range strings.Split(list, ";") {
		rid, _, _ := strings.Cut(one, ",") // the first of alternatives
		rid = strings.TrimPrefix(rid, "~") // paused at first
		named := slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool {
			return a.Key == "rid" && strings.HasPrefix(a.Value+" ", rid+" send ")
		})
		if rid != "" && named && len(rid) <= 16 && !slices.Contains(rids, rid) && len(rids) < MaxLayers {
			rids = append(rids, strings.Clone(rid))
		}
	}
	return rids
}

// simulcast takes the encodings that an offer names. Those of an earlier offer go on.
func (p *peer) simulcast(s *section) {
	var rids []string
	if s != nil {
		rids = s.rids
	}
	old := p.layers.Load()
	if old != nil && slices.Equal(old.rids, rids) {
		return
	}
	p.up[video].aside.Store(len(rids) > 1)
	if len(rids) == 0 {
		p.layers.Store(nil)
		return
	}
	l := &layers{rids: rids, up: []*uplink{&p.up[video]}}
	for n := 1; n < len(rids); n++ {
		u := &uplink{layer: n}
		u.init(p.seat, p, video)
		u.aside.Store(n < len(rids)-1)
		l.up = append(l.up, u)
	}
	now := time.Now()
	for n := range rids {
		l.since[n] = now
	}
	l.taken.Store(1<<len(rids) - 1)
	p.layers.Store(l)
}

// uplinks yields all that the browser sends.
func (p *peer) uplinks(yield func(*uplink) bool) {
	for kind := range p.up {
		if !yield(&p.up[kind]) {
			return
		}
	}
	if l := p.layers.Load(); l != nil {
		for _, u := range l.up[1:] {
			if !yield(u) {
				return
			}
		}
	}
}

// of tells which encoding a packet is of, nil for none. A browser says so in the packet itself until it hears that its SSRC is
// known; repeats says that the packet is a retransmission, which says it by another header extension.
func (l *layers) of(pkt *stream.Packet, types *payloads, repeats bool) *uplink {
	known, header := &l.ssrc, types.rid
	if repeats {
		known, header = &l.repair, types.rrid
	}
	for n, u := range l.up {
		if known[n].Load() == pkt.SSRC {
			return u
		}
	}
	said := pkt.Extension(header)
	for n, rid := range l.rids {
		if string(said) == rid {
			known[n].Store(pkt.SSRC)
			return l.up[n]
		}
	}
	return nil
}

// take notes which encodings somebody gets, or would if they were sent.
func (l *layers) take(m *seat, now time.Time) {
	var wanted uint32
	if fed := m.fed.Load(); fed != nil {
		for _, to := range *fed {
			if d := to.downlink(video); d != nil {
				wanted |= d.takes(m)
			}
		}
	}
	if outlets := m.outlets.Load(); outlets != nil && len(*outlets) > 0 {
		wanted |= 1 << (len(l.up) - 1)
	}
	var taken uint32
	for n := range l.up {
		if wanted>>n&1 != 0 {
			l.since[n] = now
		}
		if now.Sub(l.since[n]) < layerLinger {
			taken |= 1 << n
		}
	}
	l.taken.Store(max(taken, 1)) // whoever comes next finds the smallest
}

// several says that receivers can choose: the weakest of them need not hold back the sender.
func (l *layers) several() bool {
	sent := 0
	for _, u := range l.up {
		if u.packets.Load() > 0 {
			sent++
		}
	}
	return sent > 1 && l.taken.Load() != 1
}

// layered says that the id's receivers choose among encodings. Else it adapts the one that it sends to the weakest of them.
func (m *seat) layered() bool {
	l := m.layers()
	return l != nil && l.several()
}

// layers are the encodings that the id's browser sends; nil where it is one alone, or nobody is there.
func (m *seat) layers() *layers {
	if p := m.peer.Load(); p != nil {
		return p.layers.Load()
	}
	return nil
}

// opening is the encoding with which a receiver begins: the best there is.
func (m *seat) opening() int {
	l := m.layers()
	if l == nil {
		return 0
	}
	alive := l.alive()
	for n := len(l.up) - 1; n > 0; n-- {
		if alive[n] {
			return n
		}
	}
	return 0
}

// alive are the encodings that are sent now. One pauses when its sender's own way is too narrow for it, or nobody takes it.
func (l *layers) alive() (alive [MaxLayers]bool) {
	var heard [MaxLayers]int64
	for n, u := range l.up {
		heard[n] = u.heard.Load()
	}
	newest := slices.Max(heard[:])
	for n := range l.up {
		alive[n] = heard[n] > 0 && newest-heard[n] < int64(layerGap)
	}
	return alive
}

// Taken tells which of the encodings that an id's browser sends of its picture somebody gets, or would if they were sent, by their
// names in the offer (RID): the others need not be encoded. It is nil where the browser sends one encoding alone.
func (s *Server) Taken(id string) []string {
	s.mu.Lock()
	m := s.seats[id]
	s.mu.Unlock()
	if m == nil {
		return nil
	}
	l := m.layers()
	if l == nil {
		return nil
	}
	var rids []string
	for n, rid := range l.rids {
		if l.taken.Load()>>n&1 != 0 {
			rids = append(rids, rid)
		}
	}
	return rids
}

// hidden is the view of a slot that is not on the screen.
const hidden = -1

// View says in which size a slot is on the receiver's screen, in pixels of the screen; a width or height of 0 or less says that it
// is not: then no picture is sent. A slot of which nothing was said gets the best that its network carries. It is forgotten
// with the id, and kept when another is shown there.
//
// The error says that there is no such slot.
func (s *Server) View(id string, slot, width, height int) error {
	if err := checkSlot(slot); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if m := s.seats[id]; m != nil {
		pixels := int64(min(width, maxView)) * int64(min(height, maxView))
		if width <= 0 || height <= 0 {
			pixels = hidden
		}
		m.slot(slot).view.Store(pixels)
	}
	return nil
}

const maxView = 8192 // pixels, either way
