package client

import (
	"context"
	"encoding/json"
	"time"

	"passerby/signaling/protocol"
)

// Client is one person's seat in the chat.
type Client struct {
	cfg    Config
	events chan Event
	ask    chan func(*loop)
	ctx    context.Context
	cancel context.CancelFunc
	over   chan struct{} // closed when the loop has ended
	stage  stage         // what Film and Sound write to
}

// Dial opens a session. ctx bounds the time until it is there; the client lives until Close.
func Dial(ctx context.Context, cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	c := &Client{cfg: cfg, events: make(chan Event), ask: make(chan func(*loop)), ctx: life, cancel: cancel, over: make(chan struct{})}
	l := newLoop(c)
	first := make(chan error, 1)
	l.first = first
	go l.run()
	select {
	case err := <-first:
		if err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		c.Close()
		return nil, ctx.Err()
	}
}

// Events tells what happens, in order. The channel is closed after Close, and after Failed.
func (c *Client) Events() <-chan Event { return c.events }

// Close leaves, ends everything and waits for its end. Events that were not read are dropped.
func (c *Client) Close() {
	_ = c.do(func(l *loop) error { l.goodbye(); return nil })
	c.cancel()
	<-c.over
}

// do has the loop do something.
func (c *Client) do(f func(*loop) error) error {
	done := make(chan error, 1)
	select {
	case c.ask <- func(l *loop) { done <- f(l) }:
	case <-c.over:
		return ErrClosed
	}
	select {
	case err := <-done:
		return err
	case <-c.over:
		return ErrClosed
	}
}

// Find looks for a partner. In a match it ends that match; while waiting it changes the wish and keeps the place.
func (c *Client) Find(w Wish) error {
	return c.do(func(l *loop) error { return l.find(w) })
}

// Next leaves the partner and looks for another with the same wish.
func (c *Client) Next() error {
	return c.do(func(l *loop) error {
		if l.machine.wish == 0 {
			return protocol.Errorf(protocol.WrongState, "call Find first")
		}
		l.carryOut(l.machine.seek())
		return nil
	})
}

// Leave ends the search or the match; the session stays.
func (c *Client) Leave() error {
	return c.do(func(l *loop) error { l.carryOut(l.machine.rest()); return nil })
}

// Send sends a text to the partner and answers its number; Delivered tells when he has it. It waits in order if the way
// to him is not open.
func (c *Client) Send(text string) (n uint64, err error) {
	err = c.do(func(l *loop) error { n, err = l.send(text); return err })
	return n, err
}

// Typing tells the partner that something is being typed; say so again every few seconds.
func (c *Client) Typing(on bool) error {
	return c.do(func(l *loop) error { return l.signalTyping(on) })
}

// Report tells the operator about the partner of a match, the current one or one of the last eight, and keeps the two
// apart from then on. evidence are those of chosen Messages, in the order of N. Reported or Refused answers it.
func (c *Client) Report(match string, reason protocol.ReportReason, note string, evidence ...protocol.Evidence) error {
	return c.do(func(l *loop) error {
		return l.write(&protocol.Report{Head: protocol.Re("report"), Match: match, Reason: reason, Note: note, Evidence: evidence})
	})
}

// Block ends the match, or names one of the last eight, and keeps the two apart from then on. Blocked or Refused answers it.
func (c *Client) Block(match string) error {
	return c.do(func(l *loop) error { return l.write(&protocol.Block{Head: protocol.Re("block"), Match: match}) })
}

// Film sends one encoded VP8 frame that is shown for so long, sealed. Before the first key frame of a match nothing is sent.
func (c *Client) Film(frame []byte, lasts time.Duration) error {
	return c.stage.send(true, frame, lasts)
}

// Sound sends one Opus packet of that length, sealed.
func (c *Client) Sound(packet []byte, lasts time.Duration) error {
	return c.stage.send(false, packet, lasts)
}

// fits says whether a text has room in one message.
func fits(text string, bodyBytes int) bool {
	quoted, err := json.Marshal(text)
	return err == nil && len(quoted) <= bodyBytes*3/4-200
}
