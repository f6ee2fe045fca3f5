package signaling

import (
	"net/netip"
	"sync"
)

// slots is into how many parts the registry divides its members, so that the shared
// loops visit one part at a time and the work is spread over their period.
const slots = 64

// registry holds the sessions and connections of this node. Safe for concurrent use.
type registry struct {
	limit int // sessions

	mu       sync.Mutex // guards what follows
	closed   bool
	next     int // slot of the next member
	sessions map[string]*session
	visits   [slots]map[*session]struct{}
	conns    [slots]map[*conn]struct{}
	door     door
	members  sync.WaitGroup
}

func newRegistry(cfg Config) *registry {
	r := &registry{limit: cfg.MaxSessions, sessions: map[string]*session{}, door: newDoor(cfg)}
	for i := range slots {
		r.visits[i] = map[*session]struct{}{}
		r.conns[i] = map[*conn]struct{}{}
	}
	return r
}

func (r *registry) find(id string) *session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[id]
}

// outcome says what became of an attempt to come in.
type outcome int

const (
	added   outcome = iota
	taken           // there is a session of that id
	full            // no room
	crowded         // the network has as many as it may have
	closed          // nobody is taken in any more
)

// add takes a session in; drop must follow.
func (r *registry) add(s *session) outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return closed
	case r.sessions[s.self.Session] != nil:
		return taken
	case len(r.sessions) >= r.limit:
		return full
	}
	s.slot = r.slot()
	r.sessions[s.self.Session] = s
	r.visits[s.slot][s] = struct{}{}
	r.members.Add(1)
	return added
}

// slot is called with mu held.
func (r *registry) slot() uint8 {
	r.next = (r.next + 1) % slots
	return uint8(r.next)
}

func (r *registry) drop(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, s.self.Session)
	delete(r.visits[s.slot], s)
	r.members.Done()
}

// knock asks for room for a connection from a network. After added, enter or turnAway must follow.
func (r *registry) knock(network netip.Prefix) outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return closed
	}
	return r.door.knock(network)
}

// turnAway gives the room back that knock found.
func (r *registry) turnAway(network netip.Prefix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.door.leave(network, false)
}

// enter takes a connection in for which there is room; exit must follow.
func (r *registry) enter(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	c.slot = r.slot()
	r.conns[c.slot][c] = struct{}{}
	r.members.Add(1)
	return true
}

// greet counts a connection among those that have said hello.
func (r *registry) greet(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !c.greeted {
		c.greeted = true
		r.door.greet(c.network)
	}
}

func (r *registry) exit(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns[c.slot], c)
	r.door.leave(c.network, c.greeted)
	r.members.Done()
}

// close takes nobody in from now on.
func (r *registry) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
}

// wait returns when nobody is left; call close first.
func (r *registry) wait() { r.members.Wait() }

// slotSessions lists the sessions of one slot.
func (r *registry) slotSessions(slot int) []*session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return keys(r.visits[slot])
}

// slotConns lists the connections of one slot.
func (r *registry) slotConns(slot int) []*conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return keys(r.conns[slot])
}

// all lists every session and connection.
func (r *registry) all() ([]*session, []*conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sessions []*session
	var conns []*conn
	for slot := range slots {
		sessions = append(sessions, keys(r.visits[slot])...)
		conns = append(conns, keys(r.conns[slot])...)
	}
	return sessions, conns
}

func keys[T comparable, V any](set map[T]V) []T {
	list := make([]T, 0, len(set))
	for v := range set {
		list = append(list, v)
	}
	return list
}

func (r *registry) count() (sessions, conns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions), r.door.open
}
