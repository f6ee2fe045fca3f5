package signaling

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// Letters to a session, besides machine.Event.
type (
	// join asks for the session to take a connection over.
	join struct {
		conn    *conn
		id      string // of the request
		secret  string
		fresh   bool // the session is new here and asks for no secret
		expired bool // the token is: only a live secret helps
		beside  bool // the connection before is open still
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
	// judge ends the session if its user is banned.
	judge struct{}
	// look asks what moderators have to say to the user.
	look struct{}
	// notified brings what they say.
	notified struct{ notices []protocol.Notice }
	// release leaves the session to the other nodes.
	release struct{}
	// move asks the client to go to another node within a time; without a connection the session is released.
	move struct{ within time.Duration }
)

// session is the shell around one machine. Letters from its mailbox are taken one by
// one, by one goroutine at a time, which owns everything below the line.
type session struct {
	hub     *Hub
	self    machine.Self
	mailbox mailbox
	work    func()        // run, for the crew
	done    chan struct{} // closed when the session has ended

	mu      sync.Mutex    // guards channel and handed
	channel *limiter      // of the data channel; nil until something comes on it
	handed  chan<- []byte // takes the last state of the node that had the session; nil while nobody waits for it

	// Owned by run.
	state   machine.State
	conn    *conn
	secrets secrets
	expiry  *time.Timer     // while detached
	pending []machine.Event // to be stepped in before the next letter
	why     *protocol.Error // what the connection hears when the session ends
	stored  *stored         // nil without a Store
	over    bool            // the session is another node's, or anybody's
	going   bool            // the client was asked to go to another node

	journey *journey // nil until the first offer or search
	habits  *habits  // nil until the first match
	suspect bool     // behaves like a program
	judging judging

	recalled time.Time // when others were asked whether the user is suspected

	slot    uint8       // in the registry
	ticking atomic.Bool // a Tick waits in the mailbox
	media   atomic.Bool // this node answered an offer of the session
}

// stored is what the store has of a session.
type stored struct {
	epoch uint64
	state *machine.State // nil: nothing
	at    time.Time
}

func newSession(h *Hub, self machine.Self) *session {
	s := &session{hub: h, self: self, done: make(chan struct{}), state: machine.New(self)}
	s.work = s.run
	if h.deps.Store != nil {
		s.stored = &stored{}
	}
	s.state.Draining = h.draining.Load()
	return s
}

// log is the log of what happens to this session.
func (s *session) log() *slog.Logger { return s.hub.log.With("session", s.self.Session) }

// post hands over a letter if there is room; it never blocks.
func (s *session) post(letter any) bool {
	r := s.mailbox.put(letter)
	switch r {
	case first:
		s.hub.crew.do(s.work)
	case noRoom:
		s.hub.metrics.dropped.Inc()
	}
	return r.ok()
}

// tick hands over a Tick, unless one waits already: when Redis hangs each takes its time, and other letters wait behind.
func (s *session) tick() {
	if !s.ticking.Swap(true) && !s.post(machine.Tick{}) {
		s.ticking.Store(false)
	}
}

// deliver hands over a letter and waits for room; false when the session or ctx is over.
func (s *session) deliver(ctx context.Context, letter any) bool {
	r := s.mailbox.wait(ctx, letter)
	if r == first {
		s.hub.crew.do(s.work)
	}
	return r.ok()
}

// bring is deliver by a connection, which has nothing else to do: it takes the letter to the session's machine itself
// when nobody else is there.
func (s *session) bring(ctx context.Context, letter any) bool {
	r := s.mailbox.wait(ctx, letter)
	if r == first && s.takeOne() {
		s.hub.crew.do(s.work) // whoever reads from a connection must not be kept by other people's letters
	}
	return r.ok()
}

// join asks for the session to take a connection over.
func (s *session) join(ctx context.Context, j join) (accepted, alive bool) {
	j.reply = make(chan bool, 1)
	if !s.bring(ctx, j) {
		return false, false
	}
	select {
	case accepted = <-j.reply:
		return accepted, true
	case <-s.done:
	case <-ctx.Done():
		return false, false
	}
	select {
	case accepted = <-j.reply: // what it did last
		return accepted, true
	default:
		return false, false
	}
}

// run takes letters as long as there are any.
func (s *session) run() {
	for s.takeOne() {
	}
}

// takeOne takes a letter, and ends the session when it is over. False means that nobody takes letters any more.
func (s *session) takeOne() bool {
	letter, ok := s.mailbox.next()
	if !ok {
		return false
	}
	s.handle(letter)
	if s.state.Over || s.over {
		s.mailbox.close()
		s.close()
		s.hub.registry.drop(s)
		close(s.done)
		return false
	}
	return true
}

// handle takes one letter. A panic ends this session and no other.
func (s *session) handle(letter any) {
	defer func() {
		if cause := recover(); cause != nil {
			s.panicked(cause)
		}
	}()
	switch l := letter.(type) {
	case machine.Tick:
		s.ticking.Store(false)
		s.step(l)
		s.refresh()
	case machine.Event:
		s.step(l)
	case frame:
		if l.conn != nil && l.conn != s.conn {
			break
		}
		if err := s.excess(l.message); err != nil {
			s.count(err)
			s.send(err)
			break
		}
		s.observe(l.message)
		s.step(machine.Request{Message: l.message})
	case complaint:
		s.complain(l.err)
	case join:
		l.reply <- s.take(l)
	case gone:
		if l.conn == s.conn {
			s.lose()
			if l.conn.flooded.Load() {
				s.cut()
			}
		}
	case quit:
		s.why = l.why
		s.step(machine.Quit{})
	case judge:
		s.expel()
	case look:
		s.look()
	case notified:
		for i := range l.notices {
			s.send(&l.notices[i])
		}
	case judged:
		s.judged(l)
	case release:
		s.hub.gaveAway(wayLeft)
		s.release()
	case move:
		s.move(l.within)
	case yield:
		s.yield(l)
	}
	s.settle()
}

// panicked ends the session after a bug, as well as that still goes.
func (s *session) panicked(cause any) {
	s.hub.metrics.panics.Inc()
	s.log().Error("session panicked", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
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
	token, expires, err := s.hub.deps.Tokens.Issue(Claims{User: s.self.User, Session: s.self.Session, Pool: s.self.Pool, Said: s.self.Said})
	if err != nil {
		s.log().Error("issue token", "error", err)
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
		Head: protocol.Re(j.id), Session: s.self.Session, Resume: secret, Resumed: resumed, Media: s.media.Load(),
		Token: token, ExpiresAt: expires.UTC().Format(time.RFC3339),
		ICEServers: servers, Limits: s.hub.cfg.Limits(),
	})
	s.step(machine.Attach{Anew: resumed && j.fresh})
	s.look()
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
		s.log().Info("connection cut off: the client did not read")
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
	s.cut()
}

// move sends the client to another node.
func (s *session) move(within time.Duration) {
	if s.conn == nil {
		s.release()
		return
	}
	s.step(machine.Move{Within: within})
}

// cut takes the session's media and data channel down: who floods keeps no other way in. A resume offers anew.
func (s *session) cut() {
	s.media.Store(false)
	s.hub.deps.Media.Remove(s.self.Session)
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
