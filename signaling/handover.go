package signaling

import (
	"context"
	"errors"
	"slices"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// A session that moves between nodes:
//
//	node b ── Store.Take ──▶ store        b is the owner; a can save no more
//	node b ── yield{b} ──▶ bus ──▶ node a closes its connection ("replaced") and its media, and forgets the session
//	node a ── handed{state} ──▶ bus ──▶ node b goes on with a's last state
//
// When the client's connection to a is still open ("beside"), a keeps the media until the client lets go of it: sound and picture go on
// by a until they flow by b.
//
// When a does not answer, because it is dead, b goes on with what a saved last. That is never less than what anybody
// was told, but for counts of texts: see machine.Urgent.

// The first byte of a message between nodes; messages of machine.AppendPeer begin with "{" or "r".
const (
	tagYield   = 'y' // then the node that has the session now
	tagMove    = 'm' // the same; the client's peer connection stays for a while
	tagHanded  = 'h' // then the state, or nothing
	tagDismiss = 'd' // then the user; of no session
)

// yield gives the session up: a node has taken it. Its media may stay.
type yield struct {
	to    string
	stays bool
}

// handover takes a message between nodes; false when data is none.
func (h *Hub) handover(session string, data []byte) bool {
	if len(data) == 0 || !slices.Contains([]byte{tagYield, tagMove, tagHanded, tagDismiss}, data[0]) {
		return false
	}
	s, body := h.registry.find(session), string(data[1:])
	switch {
	case data[0] == tagDismiss:
		h.dismiss(body)
	case data[0] == tagHanded:
		if s != nil {
			s.takeHanded([]byte(body))
		}
	case s == nil || !s.post(yield{body, data[0] == tagMove}):
		h.tellNode(body, session, []byte{tagHanded})
	}
	return true
}

// tellNode sends to another node, which may be gone.
func (h *Hub) tellNode(node, session string, data []byte) {
	ctx, cancel := context.WithTimeout(h.base, h.cfg.CallTimeout)
	defer cancel()
	if err := h.deps.Bus.Send(ctx, node, session, data); err != nil {
		h.metrics.failures.WithLabelValues("bus").Inc()
		h.log.Debug("message to another node", "session", session, "to", node, "error", err)
	}
}

// NodeGone takes the news that a node is no more: whoever has a partner there hears that the partner is reconnecting.
// It never blocks.
func (h *Hub) NodeGone(node string) {
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		s.post(machine.NodeGone{Node: node})
	}
}

// Estranged takes the news that no media passes between this node and another, though both live: of each two people on the two nodes who
// should see each other one is asked to go to another node, as often as this is said. It never blocks.
func (h *Hub) Estranged(node string) {
	sessions, _ := h.registry.all()
	for _, s := range sessions {
		s.post(machine.Estranged{Node: node})
	}
}

// acquire makes this node the owner of a session that is new here. It answers whether the session goes on as it was,
// and why not at all.
func (s *session) acquire(j join) (resumed bool, why *protocol.Error) {
	h := s.hub
	ctx, cancel := context.WithTimeout(h.base, h.cfg.CallTimeout)
	defer cancel()
	h.stays.end(s.self.Session) // it was here before, and is back already
	taken, err := h.deps.Store.Take(ctx, s.self.Session, s.self.User, digest(j.secret), j.expired, h.cfg.Resume)
	switch {
	case errors.Is(err, ErrForeign):
		return false, protocol.Errorf(protocol.TokenInvalid, "the token is not one of this session")
	case errors.Is(err, ErrNoSession) && j.expired:
		return false, tokenExpired()
	case errors.Is(err, ErrNoSession):
		s.stored.epoch = 1
		return false, nil
	case err != nil:
		s.failed("take", err)
		return false, protocol.Errorf(protocol.ServerFull, "the server cannot look for the session now").After(h.cfg.RetryAfter)
	}
	s.stored.epoch = taken.Epoch
	state := taken.State
	last := s.askFor(taken.From, j.beside)
	if len(last) > 0 {
		state = last
	}
	if taken.Live {
		if s.restore(state, secrets{taken.Digests[0], taken.Digests[1]}) {
			h.countTaken(taken.From, last != nil, j.beside)
			return true, nil
		}
	}
	s.failed("leave", h.deps.Queue.Leave(ctx, s.self.Session, protocol.EndLeft)) // the new one begins with nothing
	return false, nil
}

// countTaken counts a session that came from another node.
func (h *Hub) countTaken(from string, answered, beside bool) {
	way := wayBreak
	switch {
	case from == h.cfg.Node:
		return
	case !answered:
		way = wayNodeGone
	case beside:
		way = wayBeside
	}
	h.metrics.taken.WithLabelValues(way).Inc()
}

func (s *session) restore(state []byte, known secrets) bool {
	restored, err := machine.Restore(state, s.self)
	if err != nil {
		s.log().Warn("session of another node", "error", err)
		return false
	}
	restored.Draining = s.state.Draining
	s.hub.moved(s.state.Phase, restored.Phase)
	s.state, s.secrets = restored, known
	return true
}

// askFor asks the node that had the session to give it up, and waits for its last state: nil when no answer comes, empty when it had none.
func (s *session) askFor(node string, beside bool) []byte {
	if node == s.self.Node {
		return nil
	}
	handed := make(chan []byte, 1)
	s.awaitHanded(handed)
	defer s.awaitHanded(nil)
	tag := byte(tagYield)
	if beside {
		tag = tagMove
	}
	s.hub.tellNode(node, s.self.Session, append([]byte{tag}, s.self.Node...))
	patience := time.NewTimer(s.hub.cfg.Handover)
	defer patience.Stop()
	select {
	case state := <-handed:
		return state
	case <-patience.C:
	case <-s.hub.base.Done():
	}
	return nil
}

func (s *session) awaitHanded(handed chan<- []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handed = handed
}

// takeHanded takes the last state of the node that had the session, if somebody waits for it and has none yet.
func (s *session) takeHanded(state []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handed != nil {
		s.handed <- state
		s.handed = nil
	}
}

// yield gives the session up to another node.
func (s *session) yield(y yield) {
	s.hub.tellNode(y.to, s.self.Session, machine.AppendState([]byte{tagHanded}, s.state))
	s.letGo(y.stays)
}

// letGo forgets the session here, since another node has it. Its media goes on if the client has gone there beside its connection here.
func (s *session) letGo(beside bool) {
	if beside {
		s.hub.gaveAway(wayBeside)
	} else {
		s.hub.gaveAway(wayBreak)
	}
	switch {
	case beside && s.media.Load():
		s.over = true
		s.hub.stays.begin(s.self.Session)
	case beside:
		s.part(nil)
	default:
		s.part(protocol.Errorf(protocol.Replaced, "another tab took the session over"))
	}
}

// release leaves the session to any other node: this one shuts down.
func (s *session) release() {
	s.step(machine.Detach{Until: time.Now().Add(s.hub.cfg.Resume)})
	if !s.over {
		s.save()
		s.part(nil)
	}
}

// part forgets the session here without ending it. Its connection hears why; nil is going away.
func (s *session) part(why *protocol.Error) {
	s.why, s.over = why, true
	s.hub.deps.Media.Remove(s.self.Session)
}

// keep writes the session down if what has changed must not be lost; false when it is another node's.
func (s *session) keep() bool {
	switch {
	case s.stored == nil || s.state.Over:
		return true
	case s.stored.state == nil || machine.Urgent(*s.stored.state, s.state):
		return s.save()
	}
	return true
}

// refresh writes down what has not been yet, and in any case before what is there expires.
func (s *session) refresh() {
	if s.stored == nil || s.over || s.state.Over {
		return
	}
	if s.stored.state == nil || machine.Stale(*s.stored.state, s.state) || time.Since(s.stored.at) > s.hub.cfg.Resume/2 {
		s.save()
	}
}

// save writes the session down; false when it is another node's. When the store fails the session goes on, and is
// written with the next heartbeat.
func (s *session) save() bool {
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	ttl := s.hub.cfg.Resume
	if s.state.Attached || s.conn != nil {
		ttl *= 2 // the time since the last heartbeat, and then the window
	}
	err := s.hub.deps.Store.Save(ctx, s.self.Session, Saved{
		User: s.self.User, Epoch: s.stored.epoch, Digests: [2]string{s.secrets.current, s.secrets.previous},
		State: machine.AppendState(nil, s.state),
	}, ttl)
	if errors.Is(err, ErrElsewhere) { // and the word of it is on its way
		s.letGo(s.going)
		return false
	}
	if err == nil {
		state := s.state
		s.stored.state, s.stored.at = &state, time.Now()
	}
	s.failed("save", err)
	return true
}

// drop forgets a session that has ended.
func (s *session) drop() {
	if s.stored == nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	s.failed("drop", s.hub.deps.Store.Drop(ctx, s.self.Session, s.stored.epoch))
}

// locate asks where the partner's session lives.
func (s *session) locate(session string) machine.Event {
	if s.stored == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	node, err := s.hub.deps.Store.Where(ctx, session)
	if errors.Is(err, ErrNoSession) {
		err = nil
	}
	s.failed("locate", err)
	return machine.Located{Session: session, Node: node}
}
