package signaling

import (
	"context"
	"sync"
)

// mailboxSize is how many letters wait for a session. Hints, heartbeats and messages
// of the partner are dropped when it is full, which the next heartbeat or the partner's
// client makes up for; a connection waits instead.
const mailboxSize = 64

// mailbox holds the letters to one session, in their order. A goroutine takes them
// while there are any, and only then: a quiet session costs none. Safe for concurrent
// use.
type mailbox struct {
	mu      sync.Mutex // guards what follows
	letters []any
	taking  bool
	closed  bool
	room    chan struct{} // closed when a letter was taken, or the mailbox closes; nil while nobody waits
}

// receipt says what became of a letter.
type receipt int

const (
	queued  receipt = iota // behind others, or somebody takes letters already
	first                  // nobody takes letters: who has this must see to it that next is called until it answers false
	noRoom                 // not taken in
	refused                // not taken in, now or later
)

func (r receipt) ok() bool { return r == queued || r == first }

// put adds a letter if there is room. It never blocks.
func (m *mailbox) put(letter any) receipt {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.closed:
		return refused
	case len(m.letters) >= mailboxSize:
		return noRoom
	}
	m.letters = append(m.letters, letter)
	if m.taking {
		return queued
	}
	m.taking = true
	return first
}

// wait adds a letter as soon as there is room; noRoom when ctx is over first.
func (m *mailbox) wait(ctx context.Context, letter any) receipt {
	for {
		if r := m.put(letter); r != noRoom {
			return r
		}
		select {
		case <-m.change():
		case <-ctx.Done():
			return noRoom
		}
	}
}

// change answers a channel that is closed when put may succeed again, or never will.
func (m *mailbox) change() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || len(m.letters) < mailboxSize {
		return settled
	}
	if m.room == nil {
		m.room = make(chan struct{})
	}
	return m.room
}

var settled = func() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// next answers the next letter. False means that there is none: whoever takes is done,
// and another goroutine begins with the letter that comes then.
func (m *mailbox) next() (letter any, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, false
	}
	if len(m.letters) == 0 {
		m.letters, m.taking = nil, false
		return nil, false
	}
	letter = m.letters[0]
	m.letters[0] = nil
	m.letters = m.letters[1:]
	m.wake()
	return letter, true
}

// close takes nothing more, and gives up what was not taken.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed, m.letters = true, nil
	m.wake()
}

// wake is called with mu held.
func (m *mailbox) wake() {
	if m.room != nil {
		close(m.room)
		m.room = nil
	}
}
