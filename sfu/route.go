package sfu

import (
	"sync"
	"sync/atomic"
	"time"
)

// route says from whom a slot is fed. It never changes; Next replaces it.
type route struct {
	from     *seat
	keyID    uint64
	gen      uint64
	recorder *recorder // of what it brings; nil when nothing is recorded
	moves    bool      // the same id sends by another node from now on: what it sends by the one before counts until this begins
}

// seat is what stays of an id when its peer is replaced: whom it is fed from,
// and whom it feeds.
type seat struct {
	id          string
	negotiating sync.Mutex // one offer at a time
	events      sync.Mutex // one event at a time
	remote      *remote    // set when the id lives on another node

	slots   [MaxSlots]atomic.Pointer[slot] // what feeds this id; made when first routed
	fed     atomic.Pointer[[]*slot]        // what this id feeds; never changed in place
	outlets atomic.Pointer[[]*outlet]      // the nodes that it feeds; never changed in place
	peer    atomic.Pointer[peer]

	// Guarded by Server.mu.
	keyed bool // KeyFrame was called since the id's own route or peer changed
	users int  // offers in progress
}

// Route feeds the downlinks of to from the uplinks of from, beginning with the
// first key frame (audio: packet) whose SFrame header bears keyID; keyID 0 takes
// any. from "" stops. Neither id needs a peer yet.
//
// When Route returns, nothing of the former source passes any more. The exception is the same id under the same key id, which
// has moved to another node (RouteRemote): the receiver sees what comes from the former one until the other's key frame is here.
func (s *Server) Route(to, from string, keyID uint64) { s.reroute(to, 0, "", from, keyID) }

// RouteRemote is Route from an id that lives on another node: packets come over
// the link as long as it is up, and begin anew with a key frame when it is again.
func (s *Server) RouteRemote(to, node, from string, keyID uint64) {
	s.reroute(to, 0, node, from, keyID)
}

func (s *Server) reroute(to string, slot int, node, from string, keyID uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	m := s.seats[to]
	if m == nil {
		if from == "" {
			return
		}
		m = s.sit(to)
	}
	sl := m.slot(slot)
	if from == "" {
		s.point(sl, nil)
		s.discard(m)
		return
	}
	source := s.source(node, from)
	if old := sl.route.Load(); old != nil && old.from == source && old.keyID == keyID {
		return // said twice
	}
	s.gen++
	r := &route{from: source, keyID: keyID, gen: s.gen}
	if old := sl.route.Load(); old != nil && old.from.id == from && old.keyID == keyID {
		r.moves, r.recorder = true, old.recorder
	} else if s.deck != nil && slot == 0 && keyID != 0 {
		r.recorder = s.deck.start(to, keyID, time.Now())
	}
	s.point(sl, r)
}

// point swaps a slot's route. The caller holds mu.
func (s *Server) point(sl *slot, r *route) {
	m := sl.seat
	old := sl.route.Swap(r)
	if old == nil && r == nil {
		return
	}
	if old != nil && old.recorder != nil && (r == nil || r.recorder != old.recorder) {
		s.deck.end(old.recorder, time.Now())
	}
	moves := r != nil && r.moves
	if !moves {
		m.unkeyed()
	}
	if r != nil {
		r.from.feed(sl)
	}
	s.part(sl, old, r)
	if p := m.peer.Load(); p != nil {
		p.routed(sl.n, r, r != nil && (r.from.keyed || moves), time.Now())
	}
}

// source gives the seat of an id of a node, "" being this one. The caller holds mu.
func (s *Server) source(node, id string) *seat {
	if node != "" {
		return s.neighbour(node).remote(id).seat
	}
	if m := s.seats[id]; m != nil {
		return m
	}
	return s.sit(id)
}

// uplink is what the id sends of a kind; nil when it has no peer.
func (m *seat) uplink(kind int) *uplink {
	if m.remote != nil {
		return &m.remote.up[kind]
	}
	if p := m.peer.Load(); p != nil {
		return &p.up[kind]
	}
	return nil
}

// picture is the uplink of one encoding of what the id shows; of the only one, if there is but one.
func (m *seat) picture(layer int) *uplink {
	if l := m.layers(); l != nil && layer < len(l.up) {
		return l.up[layer]
	}
	return m.uplink(video)
}

// seen says whether the id feeds anybody.
func (m *seat) seen() bool {
	fed, outlets := m.fed.Load(), m.outlets.Load()
	return fed != nil && len(*fed) > 0 || outlets != nil && len(*outlets) > 0
}

// sit makes a seat. The caller holds mu.
func (s *Server) sit(id string) *seat {
	m := &seat{id: id}
	s.seats[id] = m
	return m
}

// seat gives the id's seat for the time of an offer.
func (s *Server) seat(id string) (*seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	m := s.seats[id]
	if m == nil {
		m = s.sit(id)
	}
	m.users++
	return m, nil
}

func (s *Server) release(m *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m.users--
	s.discard(m)
}

// admit refuses a peer over the limit.
func (s *Server) admit(m *seat) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.MaxPeers > 0 && s.peers >= s.cfg.MaxPeers && m.peer.Load() == nil {
		return ErrFull
	}
	return nil
}

// install makes p the peer of m and ends the former one, whose id hears that
// it is gone before this returns.
func (s *Server) install(m *seat, p *peer) error {
	s.mu.Lock()
	if s.closed || s.seats[m.id] != m {
		s.mu.Unlock()
		return ErrClosed
	}
	old := m.peer.Swap(p)
	if old == nil {
		s.peers++
	} else {
		s.retire(old)
		m.unkeyed() // a reloaded page has lost its keys
	}
	for sl := range m.all {
		if r := sl.route.Load(); r != nil {
			p.routed(sl.n, r, r.from.keyed, time.Now())
		}
	}
	s.mu.Unlock()
	if old != nil {
		old.leave()
	}
	return nil
}

// vacate ends the peer of m, if any, without events. The caller holds mu.
func (s *Server) vacate(m *seat) {
	if p := m.peer.Swap(nil); p != nil {
		s.peers--
		s.retire(p)
	}
}

// retire mutes a peer and ends it in the background. The caller holds mu.
func (s *Server) retire(p *peer) {
	p.muted.Store(true)
	s.metrics.retire(p)
	s.work.Go(p.end)
}

// discard forgets a seat that nothing refers to. The caller holds mu.
func (s *Server) discard(m *seat) {
	switch {
	case m.seen():
	case m.remote != nil:
		m.remote.drop()
	case m.users == 0 && m.peer.Load() == nil && !m.routed() && s.seats[m.id] == m:
		delete(s.seats, m.id)
	}
}

// tellKeyed tells all that the id feeds that it has its keys.
func (m *seat) tellKeyed() {
	if fed := m.fed.Load(); fed != nil {
		for _, to := range *fed {
			to.askKeyed()
		}
	}
	if outlets := m.outlets.Load(); outlets != nil {
		for _, o := range *outlets {
			o.state(true)
		}
	}
}

// unkeyed notes that the id has no keys yet. The caller holds Server.mu.
func (m *seat) unkeyed() {
	if outlets := m.outlets.Load(); m.keyed && outlets != nil {
		for _, o := range *outlets {
			o.state(false)
		}
	}
	m.keyed = false
}

// askKeyed tells the video downlink that its sender has its keys.
func (sl *slot) askKeyed() {
	if d := sl.downlink(video); d != nil {
		d.keyed(time.Now())
	}
}
