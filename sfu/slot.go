package sfu

import (
	"fmt"
	"sync/atomic"
)

// MaxSlots is how many others one peer is shown at once.
const MaxSlots = 16

// slot is a place in which an id is shown somebody: the n-th audio and the n-th video section of its offer.
type slot struct {
	seat   *seat
	n      int
	route  atomic.Pointer[route]  // what feeds it
	former atomic.Pointer[former] // who still does; changed under Server.mu
	view   atomic.Int64           // pixels on the receiver's screen; 0 is not known, less than 0 none
}

// RouteSlot is Route for one of the places in which to is shown somebody. A browser has as many as its offer has sections of
// video or audio that receive, and finds them in that order; what it sends, it sends in the first. Slot 0 is that of Route. An
// id may feed any number of slots, and several of one peer are fed independently of each other.
//
// The error says that there is no such slot.
func (s *Server) RouteSlot(to string, slot int, from string, keyID uint64) error {
	if err := checkSlot(slot); err != nil {
		return err
	}
	s.reroute(to, slot, "", from, keyID)
	return nil
}

func checkSlot(n int) error {
	if n < 0 || n >= MaxSlots {
		return fmt.Errorf("sfu: slot %d: there are 0 to %d", n, MaxSlots-1)
	}
	return nil
}

// downlink is what the slot's browser receives of a kind, or nil. Packets ask.
func (sl *slot) downlink(kind int) *downlink {
	if p := sl.seat.peer.Load(); p != nil {
		return p.down[sl.n][kind].Load()
	}
	return nil
}

// slot gives a slot of the id. The caller holds Server.mu.
func (m *seat) slot(n int) *slot {
	if sl := m.slots[n].Load(); sl != nil {
		return sl
	}
	sl := &slot{seat: m, n: n}
	m.slots[n].Store(sl)
	return sl
}

// all yields the slots that were ever routed.
func (m *seat) all(yield func(*slot) bool) {
	for i := range m.slots {
		if sl := m.slots[i].Load(); sl != nil && !yield(sl) {
			return
		}
	}
}

// routes yields what feeds the id.
func (m *seat) routes(yield func(*route) bool) {
	for sl := range m.all {
		if r := sl.route.Load(); r != nil && !yield(r) {
			return
		}
	}
}

// routed says whether anybody feeds the id.
func (m *seat) routed() bool {
	for range m.routes {
		return true
	}
	return false
}

// downlinks yields those that were negotiated.
func (p *peer) downlinks(yield func(*downlink) bool) {
	for n := range p.down {
		for kind := range p.down[n] {
			if d := p.down[n][kind].Load(); d != nil && !yield(d) {
				return
			}
		}
	}
}

// source is the SSRC of a downlink: never zero, and no other downlink's of the peer, since the same keys protect all of them.
//
//	│ 25 bits, random per peer │ slot, 4 │ repairs, 1 │ kind + 1, 2 │
func (p *peer) source(slot, kind int) uint32 { return p.base&^127 | uint32(slot)<<3 | uint32(kind+1) }

// repairBit is set in the SSRC of the packets that are sent again.
const repairBit = 4

// sources are those of a peer's downlinks by slot and kind.
type sources [MaxSlots][2]source
