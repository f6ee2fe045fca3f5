package sfu

import (
	"time"

	"passerby/sfu/internal/congestion"
	"passerby/sfu/internal/stream"
)

// picture is what one slot of a receiver may get.
type picture struct {
	layers int              // encodings; 1 where the sender adapts the one that there is
	bits   [MaxLayers]int64 // per second, as last seen; 0: it was not sent yet
	pixels [MaxLayers]int64 // of each; 0 is not known
	alive  [MaxLayers]bool  // sent now
	view   int64            // pixels on the screen; 0 is not known
	target int              // the encoding that was chosen last
}

const (
	layerStep   = 3.0 // times the bits of the next smaller encoding, where they are not known
	viewEnough  = 0.7 // of the pixels on the screen
	raiseMargin = 1.15
	keepMargin  = 0.9
	raiseWait   = 2 * time.Second  // between two steps up
	lowerWait   = 5 * time.Second  // before the first try after a step down
	lowerMost   = 80 * time.Second // when tries fail
	raiseProof  = 10 * time.Second // that a step up must hold, or it has failed
)

// rate is what an encoding takes, in bits per second.
func (p *picture) rate(layer int) int64 {
	if p.layers == 1 {
		return congestion.Floor
	}
	guess := 1.0
	for n := layer; n >= 0; n-- {
		if p.bits[n] > 0 {
			return int64(float64(p.bits[n]) * guess)
		}
		guess *= layerStep
	}
	return congestion.Floor * int64(layer+1)
}

// most is the smallest encoding that is enough for the size on the screen.
func (p *picture) most() int {
	for n := range p.layers - 1 {
		if p.view > 0 && p.pixels[n] > 0 && float64(p.pixels[n]) >= viewEnough*float64(p.view) {
			return n
		}
	}
	return p.layers - 1
}

// use is the encoding to send while the target is, or is not, there.
func (p *picture) use() int {
	for n := p.target; n >= 0; n-- {
		if p.alive[n] {
			return n
		}
	}
	for n := p.target + 1; n < MaxLayers; n++ {
		if p.alive[n] {
			return n
		}
	}
	return p.target
}

// chooser gives each picture of a receiver its encoding. Only the receiver's tick uses it.
//
// What is needed for the size on the screen is sent as long as no limit is known. Under a limit all begin with the smallest, and
// the first slots are raised first, level by level. What does not fit any more is lowered at once. A step up needs some
// room, and time since the last step: it is tried later and later when it does not hold.
type chooser struct {
	raised time.Time     // the last step up
	retry  time.Time     // when the next one may be
	pause  time.Duration // after the last step down
}

// choose sets the targets, given what all pictures may take in bits per second; 0 is no limit. want is what they would take if they
// were as good as the screen shows them, 0 when they are.
func (c *chooser) choose(pictures []picture, limit int64, now time.Time) (want int64) {
	if limit == 0 {
		for i := range pictures {
			pictures[i].target = pictures[i].most()
		}
		*c = chooser{}
		return 0
	}
	mayRaise := !now.Before(c.retry)
	var next [MaxSlots]int
	left := float64(limit)
	cost := func(p *picture, layer int) float64 {
		if layer > p.target {
			return raiseMargin * float64(p.rate(layer))
		}
		return keepMargin * float64(p.rate(layer))
	}
	for i := range pictures {
		left -= cost(&pictures[i], 0)
	}
	for level := 1; level < MaxLayers; level++ {
		for i := range pictures {
			p := &pictures[i]
			more := cost(p, level) - cost(p, next[i])
			if next[i] != level-1 || level > p.most() || level > p.target && !mayRaise || more > left {
				continue
			}
			next[i] = level
			left -= more
		}
	}
	up, down, less := false, false, false
	for i := range pictures {
		p := &pictures[i]
		best := p.most()
		want += p.rate(best)
		up = up || next[i] > p.target
		down = down || next[i] < min(p.target, best)
		less = less || next[i] < best
		p.target = next[i]
	}
	switch {
	case down:
		if c.pause = min(2*c.pause, lowerMost); c.raised.IsZero() || now.Sub(c.raised) > raiseProof || c.pause == 0 {
			c.pause = lowerWait
		}
		c.retry = now.Add(c.pause)
	case up:
		c.raised, c.retry = now, now.Add(raiseWait)
	}
	want = int64(raiseMargin * float64(want))
	if !less || want <= limit {
		return 0
	}
	return want
}

// allot decides which pictures the peer's network carries, in which encoding.
func (p *peer) allot(now time.Time) {
	limit := p.outward.limit.Load()
	var slots [MaxSlots]*downlink
	var pictures [MaxSlots]picture
	n, layered, sound := 0, 0, int64(0)
	for slot := range p.down {
		d := p.down[slot][video].Load()
		sl := p.seat.slots[slot].Load()
		if d == nil || sl == nil {
			continue
		}
		r := sl.route.Load()
		if r == nil || !d.fed() {
			continue
		}
		if sl.view.Load() == hidden {
			d.hold(true, now)
			continue
		}
		slots[n], pictures[n] = d, r.from.shows()
		pictures[n].view, pictures[n].target = sl.view.Load(), d.target(pictures[n].layers)
		if pictures[n].layers > 1 {
			layered++
		}
		if u := r.from.uplink(audio); u != nil {
			sound += u.rate.Load()
		}
		n++
	}
	all := pictures[:n]
	if limit > 0 && layered > 0 {
		limit = max(limit-sound, 1)
	}
	var least [MaxSlots]int64
	for i := range all {
		least[i] = max(all[i].rate(0), congestion.Floor)
	}
	held := p.afford.decide(least[:n], limit, now)
	want := p.chooser.choose(all[:n-held], limit, now)
	want = max(want, p.afford.want(least[:n]))
	if want > 0 {
		want += sound
	}
	p.outward.want(want)
	for i, d := range slots[:n] {
		d.hold(i >= n-held, now)
		d.choose(all[i].target, all[i].use(), now)
	}
}

// shows is what the id may be seen in.
func (m *seat) shows() (p picture) {
	p.layers = 1
	l := m.layers()
	if l == nil {
		return p
	}
	p.layers, p.alive = len(l.up), l.alive()
	for n, u := range l.up {
		p.bits[n], p.pixels[n] = u.rate.Load(), int64(u.pixels.Load())
	}
	return p
}

// target is the encoding that was chosen last, of so many.
func (d *downlink) target(layers int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return min(d.aim, layers-1)
}

// choose takes another encoding from its next key frame on: the aim, or layer while the aim is not sent.
func (d *downlink) choose(aim, layer int, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aim = aim
	if d.layer != layer {
		d.layer, d.turn = layer, now
	}
}

// takes is a bit for each of the encodings of an id that the downlink sends, or would.
func (d *downlink) takes(m *seat) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.route == nil || d.route.from != m || d.held {
		return 0
	}
	taken := uint32(1)<<d.aim | 1<<d.layer
	if d.source != nil && d.source.seat == m {
		taken |= 1 << d.source.layer
	}
	return taken
}

// turning says whether to ask for the key frame with which another encoding begins. The caller holds mu.
func (d *downlink) turning(now time.Time) bool {
	if d.kind != video || d.held || d.route == nil || d.source == nil || d.source.layer == d.layer || !d.gate.Open() || now.Before(d.turn) {
		return false
	}
	d.turn = now.Add(layerAsk)
	return true
}

// follows says whether a packet is of the encoding that is sent. The one that was chosen takes its place with the first packet of a
// key frame, and nothing of the other one passes after that. The caller holds mu.
func (d *downlink) follows(u *uplink, pkt *stream.Packet, f *stream.Frame) bool {
	switch {
	case d.source == nil || !d.gate.Open():
		return u.layer == d.layer
	case u.layer == d.source.layer:
		return true
	case u.layer != d.layer || d.held || d.formats[f.Codec()].payload == 0:
		return false
	}
	begins := stream.NewGate(true)
	begins.Reset(d.route.keyID)
	if _, opened, _ := begins.Pass(f); !opened {
		return false
	}
	d.gate = begins
	d.source, d.sourceID, d.codec = u, pkt.SSRC, f.Codec()
	d.rewriter.Switch()
	d.report = time.Time{} // its timestamps are others
	return true
}
