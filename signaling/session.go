package signaling

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// mailboxSize is how many letters wait for a session. Hints, heartbeats and messages
// of the partner are dropped when it is full, which the next heartbeat or the partner's
// client makes up for; a connection waits instead.
const mailboxSize = 64

// Letters to a session, besides machine.Event.
type (
	// join asks for the session to take a connection over.
	join struct {
		conn    *conn
		id      string // of the request
		secret  string
		fresh   bool // the session is new here and asks for no secret
		expired bool // the token is: only a live secret helps
		reply   chan bool
	}
	// frame is a message that came in on a connection; conn nil is the data channel.
	frame struct {
		conn    *conn
		message protocol.Message
	}
	// gone says that a connection is no more.
	gone struct{ conn *conn }
	// complaint is an error about what came in on the data channel.
	complaint struct{ err *protocol.Error }
	// quit ends the session; its connection hears why, nil is going away.
	quit struct{ why *protocol.Error }
	// release leaves the session to the other nodes.
	release struct{}
)

// session is the shell around one machine: one goroutine, run, which owns everything
// below the line and takes letters from the mailbox one by one.
type session struct {
	hub     *Hub
	self    machine.Self
	slot    int
	mailbox chan any
	done    chan struct{} // closed when the session has ended
	log     *slog.Logger
	handed  chan []byte // the last state of the node that had the session

	channelMu sync.Mutex // guards channel
	channel   limiter    // of the data channel

	// Owned by run.
	state   machine.State
	conn    *conn
	secrets secrets
	expiry  *time.Timer     // while detached
	pending []machine.Event // to be stepped in before the next letter
	why     *protocol.Error // what the connection hears when the session ends
	over    bool            // the session is another node's, or anybody's

	// What the store has of the session; owned by run.
	epoch   uint64
	saved   *machine.State // nil: nothing
	savedAt time.Time
}

func newSession(h *Hub, self machine.Self) *session {
	s := &session{
		hub: h, self: self, mailbox: make(chan any, mailboxSize), done: make(chan struct{}),
		log:     h.log.With("session", self.Session),
		handed:  make(chan []byte, 1),
		channel: newLimiter(h.cfg, time.Now()),
		state:   machine.New(self),
	}
	s.state.Draining = h.draining.Load()
	return s
}

// post hands over a letter if there is room; it never blocks.
func (s *session) post(letter any) bool {
	select {
	case s.mailbox <- letter:
		return true
	default:
		s.hub.metrics.dropped.Inc()
		return false
	}
}

// deliver hands over a letter and waits for room; false when the session or ctx is over.
func (s *session) deliver(ctx context.Context, letter any) bool {
	select {
	case s.mailbox <- letter:
		return true
	case <-s.done:
		return false
	case <-ctx.Done():
		return false
	}
}

// join asks for the session to take a connection over.
func (s *session) join(ctx context.Context, j join) (accepted, alive bool) {
	j.reply = make(chan bool, 1)
	if !s.deliver(ctx, j) {
		return false, false
	}
	select {
	case accepted = <-j.reply:
		return accepted, true
	case <-s.done:
		return false, false
	case <-ctx.Done():
		return false, false
	}
}

// run lives as long as the session.
func (s *session) run() {
	defer close(s.done)
	defer s.hub.registry.drop(s)
	defer s.close()
	for !s.state.Over && !s.over {
		s.handle(<-s.mailbox)
	}
}

// handle takes one letter. A panic ends this session and no other.
func (s *session) handle(letter any) {
	defer func() {
		if cause := recover(); cause != nil {
			s.panicked(cause)
		}
	}()
	switch l := letter.(type) {
	case machine.Event:
		s.step(l)
		if _, ok := l.(machine.Tick); ok {
			s.refresh()
		}
	case frame:
		if l.conn != nil && l.conn != s.conn {
			break
		}
		if err := s.excess(l.message); err != nil {
			s.count(err)
			s.send(err)
			break
		}
		s.step(machine.Request{Message: l.message})
	case complaint:
		s.complain(l.err)
	case join:
		l.reply <- s.take(l)
	case gone:
		if l.conn == s.conn {
			s.lose()
		}
	case quit:
		s.why = l.why
		s.step(machine.Quit{})
	case release:
		s.release()
	case yield:
		s.yield(l.to)
	}
	s.settle()
}

// panicked ends the session after a bug, as well as that still goes.
func (s *session) panicked(cause any) {
	s.hub.metrics.panics.Inc()
	s.log.Error("session panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	s.why = protocol.Errorf(protocol.Internal, "the session failed; start again")
	defer func() {
		_ = recover() // the clean-up met the same bug; leases and grace times clean up elsewhere
		s.state.Over = true
	}()
	s.pending = nil
	s.step(machine.Quit{})
}

// take lets a connection have the session, when it shows a live secret or the session
// is fresh. Newest wins: the connection before is told and closed.
func (s *session) take(j join) bool {
	if !j.fresh && !s.secrets.live(j.secret) {
		return false
	}
	resumed := !j.fresh
	if j.fresh && s.hub.deps.Store != nil {
		var why *protocol.Error
		if resumed, why = s.acquire(j); why != nil {
			j.conn.fail(why.Re(j.id))
			s.over = true
			return true // the connection is closed, and there is no session
		}
	}
	token, expires, err := s.hub.deps.Tokens.Issue(s.self.User, s.self.Session)
	if err != nil {
		s.log.Error("issue token", "error", err)
		j.conn.fail(protocol.Errorf(protocol.Internal, "the server could not make a token"))
		if j.fresh {
			s.step(machine.Quit{})
		}
		return true // the connection is closed; nothing else changes
	}
	if s.conn != nil && s.conn != j.conn {
		s.conn.fail(protocol.Errorf(protocol.Replaced, "another tab took the session over"))
	}
	s.conn = j.conn
	s.hub.registry.greet(j.conn)
	s.stopExpiry()
	servers := []protocol.ICEServer{}
	if s.hub.deps.ICEServers != nil {
		servers = append(servers, s.hub.deps.ICEServers(s.self.Session)...)
	}
	secret := s.secrets.rotate(j.secret)
	if s.hub.deps.Store != nil && !s.save() {
		return true
	}
	s.send(&protocol.Welcome{
		Head: protocol.Re(j.id), Session: s.self.Session, Resume: secret, Resumed: resumed,
		Token: token, ExpiresAt: expires.UTC().Format(time.RFC3339),
		ICEServers: servers, Limits: s.hub.cfg.Limits(),
	})
	s.step(machine.Attach{Anew: resumed && j.fresh})
	return true
}

// lose goes on without a connection, for a while.
func (s *session) lose() {
	s.conn = nil
	wait := s.hub.cfg.Resume
	s.pending = append(s.pending, machine.Detach{Until: time.Now().Add(wait)})
	s.stopExpiry()
	s.expiry = time.AfterFunc(wait, func() {
		s.deliver(s.hub.base, machine.Expire{Now: time.Now()})
	})
}

func (s *session) stopExpiry() {
	if s.expiry != nil {
		s.expiry.Stop()
		s.expiry = nil
	}
}

// send writes to the connection, if there is one; one that does not read is lost.
func (s *session) send(m protocol.Message) { s.sendRaw(protocol.Append(nil, m)) }

func (s *session) sendRaw(data []byte) {
	if s.conn != nil && !s.conn.sendRaw(data) {
		s.log.Info("connection cut off: the client did not read")
		s.lose()
	}
}

// complain tells the client of an error about its data channel.
func (s *session) complain(err *protocol.Error) {
	if !err.Fatal {
		s.send(err)
		return
	}
	if s.conn != nil {
		s.conn.fail(err)
		s.lose()
	}
}

// close leaves nothing behind.
func (s *session) close() {
	s.stopExpiry()
	s.hub.moved(s.state.Phase, machine.Idle)
	if s.conn == nil {
		return
	}
	if s.why != nil {
		s.conn.fail(s.why)
		return
	}
	s.conn.depart(closeGoingAway)
}
