package signaling

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// quietSocket is a socket on which nothing ever comes but its end.
type quietSocket struct {
	mu   sync.Mutex
	who  waker
	over bool
}

func (s *quietSocket) read() ([]byte, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, nil, errors.New("closed")
	}
	return nil, nil, errPause
}

func (s *quietSocket) rest(who waker) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = who
	return !s.over
}

func (s *quietSocket) readBy(time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over = true; s.who != nil {
		s.who.wake()
		s.who = nil
	}
}

func (*quietSocket) write([]item) error { return nil }
func (*quietSocket) check(time.Time)    {}
func (*quietSocket) hurry(time.Time)    {}
func (*quietSocket) drain()             {}
func (*quietSocket) Close() error       { return nil }

// nothing is every dependency, and does nothing.
type nothing struct{}

func (nothing) Arrive(context.Context, Ticket) (Standing, error)        { return Standing{}, nil }
func (nothing) Leave(context.Context, string, protocol.EndReason) error { return nil }
func (nothing) Confirm(context.Context, string, string) error           { return nil }
func (nothing) Renew(context.Context, string) (Standing, error)         { return Standing{}, nil }
func (nothing) Block(context.Context, string, string) error             { return nil }
func (nothing) Offer(context.Context, string, string) (string, error)   { return "", nil }
func (nothing) Candidate(string, string) error                          { return nil }
func (nothing) Route(string, string, string, uint64)                    {}
func (nothing) Keyed(string)                                            {}
func (nothing) Shown(string) Passage                                    { return Passage{} }
func (nothing) Remove(string)                                           {}
func (nothing) Verify(string) (Claims, error)                           { return Claims{}, nil }
func (nothing) Issue(Claims) (string, time.Time, error)                 { return "t", time.Time{}, nil }
func (nothing) Send(string, []byte) error                               { return nil }

type nowhere struct{}

func (nowhere) Send(context.Context, string, string, []byte) error { return nil }

// BenchmarkIdleSession measures what one session with a quiet connection holds on to,
// without what the operating system, net/http and the WebSocket library add.
func BenchmarkIdleSession(b *testing.B) {
	h := New(Config{MaxSessions: b.N + 1}, Deps{Queue: nothing{}, Media: nothing{}, Bus: nowhere{}, Tokens: nothing{}})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range b.N {
		c := newConn(&quietSocket{}, h)
		h.registry.enter(c)
		c.session = newSession(h, machine.Self{Session: fmt.Sprint(i), User: fmt.Sprint(i)})
		h.registry.add(c.session)
		c.session.join(h.base, join{conn: c, fresh: true})
		h.welcome(c)
	}
	for _, s := range h.registry.sessions {
		s.deliver(h.base, complaint{protocol.Errorf(protocol.RateLimited, "x")}) // every one has answered hello by then
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := after.HeapAlloc + after.StackInuse - before.HeapAlloc - before.StackInuse
	b.ReportMetric(float64(used)/float64(b.N), "B/session")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := h.Run(ctx); err != nil {
		b.Error(err)
	}
}

// BenchmarkRelay measures one text from the sender's mailbox to the receiver's socket,
// on one node, the bus included.
func BenchmarkRelay(b *testing.B) {
	var h *Hub
	h = New(Config{}, Deps{Queue: nothing{}, Media: nothing{}, Bus: direct{&h}, Tokens: nothing{}})
	from, to := newSession(h, machine.Self{Session: "a"}), newSession(h, machine.Self{Session: "b"})
	for _, s := range []*session{from, to} {
		h.registry.add(s)
		s.mailbox.taking = true // by this goroutine
		s.state.Attached, s.state.Phase = true, machine.Matched
	}
	from.state.Match = machine.Match{ID: "m", Partner: Side{Session: "b"}}
	to.state.Match = machine.Match{ID: "m", Partner: Side{Session: "a"}}
	text := &protocol.Text{Match: "m", N: 1, Body: strings.Repeat("A", 300)}
	b.ReportAllocs()
	for b.Loop() {
		from.handle(frame{message: text})
		letter, _ := to.mailbox.next()
		to.handle(letter)
	}
}

// direct is a bus of one node.
type direct struct{ hub **Hub }

func (d direct) Send(_ context.Context, _, session string, data []byte) error {
	(*d.hub).Receive(session, data)
	return nil
}
