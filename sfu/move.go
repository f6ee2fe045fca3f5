package sfu

import (
	"slices"
	"time"

	"passerby/sfu/internal/stream"
)

// A sender who moves to another node sends by both for a while:
//
//	former ── packets ──▶ downlink              Route: the other is fed, too, and asked for a key frame
//	now    ── key frame ─▶ downlink             it opens the second gate, and the stream goes on without a break
//	former ╳                                    the next tick lets go of it

// moveMost is how long a slot waits for one who moved. A sound or picture that has not begun anew by then, because it is
// switched off, is expected from the new place alone.
const moveMost = 10 * time.Second

// former is whom a slot is still fed by after he moved.
type former struct {
	seat  *seat
	since time.Time
}

// feed adds a slot to those that the id feeds. The caller holds Server.mu.
func (m *seat) feed(sl *slot) {
	var fed []*slot
	if p := m.fed.Load(); p != nil {
		fed = *p
	}
	if slices.Contains(fed, sl) {
		return
	}
	fed = append(slices.Clone(fed), sl)
	m.fed.Store(&fed)
}

// unfeed takes a slot from those that an id feeds. The caller holds mu.
func (s *Server) unfeed(m *seat, sl *slot) {
	if p := m.fed.Load(); p != nil {
		fed := slices.DeleteFunc(slices.Clone(*p), func(o *slot) bool { return o == sl })
		m.fed.Store(&fed)
	}
	s.discard(m)
}

// part lets go of whoever has fed the slot until now, unless he has moved and there is a picture to go on with. The caller
// holds mu.
func (s *Server) part(sl *slot, old, r *route) {
	before := sl.former.Load()
	if r != nil && r.moves && sl.seat.peer.Load() != nil {
		switch {
		case before == nil:
			sl.former.Store(&former{old.from, time.Now()})
			return
		case before.seat == r.from: // and back again
			sl.former.Store(&former{old.from, time.Now()})
			return
		}
		s.unfeed(old.from, sl)
		return
	}
	sl.former.Store(nil)
	for _, m := range []*seat{oldSeat(before), oldRoute(old)} {
		if m != nil && (r == nil || m != r.from) {
			s.unfeed(m, sl)
		}
	}
}

func oldSeat(f *former) *seat {
	if f == nil {
		return nil
	}
	return f.seat
}

func oldRoute(r *route) *seat {
	if r == nil {
		return nil
	}
	return r.from
}

// settle lets go of who fed a slot before he moved, as soon as nothing of him is needed any more.
func (s *Server) settle(sl *slot, p *peer, now time.Time) {
	f := sl.former.Load()
	if f == nil {
		return
	}
	late := now.Sub(f.since) > moveMost
	for kind := range p.down[sl.n] {
		if d := p.down[sl.n][kind].Load(); d != nil && d.moving(late) {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := sl.route.Load(); sl.former.CompareAndSwap(f, nil) && (r == nil || r.from != f.seat) {
		s.unfeed(f.seat, sl)
	}
}

// moving says whether the downlink still waits for who moved; late: no longer.
func (d *downlink) moving(late bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.next == nil {
		return false
	}
	if late {
		d.switchOver()
		d.gate.Reset(d.route.keyID)
	}
	return !late
}

// follow begins to wait for who moved, if there is something to go on with until then. The caller holds mu.
func (d *downlink) follow(r *route, now time.Time) bool {
	if !r.moves || d.held || d.source == nil || d.route == nil || !d.gate.Open() {
		return false
	}
	if d.source.seat == r.from { // and back again
		d.route, d.next = r, nil
		return true
	}
	d.next = r
	d.nextGate.Reset(r.keyID)
	if d.kind == video {
		d.asker.Route(now, true, r.keyID != 0)
	}
	return true
}

// arrived takes a packet of who moved; true: what comes from now on is his. The caller holds mu.
func (d *downlink) arrived(u *uplink, sourceID uint32, f *stream.Frame, now time.Time) bool {
	if _, opened, _ := d.nextGate.Pass(f); !opened {
		return false
	}
	d.switchOver()
	d.gate = d.nextGate
	d.source, d.sourceID = u, sourceID
	d.rewriter.Switch()
	d.asker.Stop() // the receiver has the keys, and asks by himself
	return true
}

// switchOver makes the next route the present one. The caller holds mu.
func (d *downlink) switchOver() {
	d.route, d.next, d.source = d.next, nil, nil
}

// asked is the route whose sender is asked for a key frame. The caller holds mu.
func (d *downlink) asked() *route {
	if d.next != nil {
		return d.next
	}
	return d.route
}
