package signaling

import (
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
	open     int // connections
	members  sync.WaitGroup
}

func newRegistry(limit int) *registry {
	r := &registry{limit: limit, sessions: map[string]*session{}}
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

// outcome says what became of an attempt to add a session.
type outcome int

const (
	added  outcome = iota
	taken          // there is one of that id
	full           // no room
	closed         // nobody is taken in any more
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

// enter takes a connection in; exit must follow.
func (r *registry) enter(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	c.slot = r.slot()
	r.conns[c.slot][c] = struct{}{}
	r.open++
	r.members.Add(1)
	return true
}

func (r *registry) exit(c *conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns[c.slot], c)
	r.open--
	r.members.Done()
}

// room says whether another connection may come: each session may have one, and some
// more may be on their way to replace one.
func (r *registry) room() (ok, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open < r.limit+r.limit/4+16, !r.closed
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

func keys[T comparable](set map[T]struct{}) []T {
	list := make([]T, 0, len(set))
	for v := range set {
		list = append(list, v)
	}
	return list
}

func (r *registry) count() (sessions, conns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sessions), r.open
}
