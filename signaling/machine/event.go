package machine

import (
	"time"

	"passerby/signaling/protocol"
)

// Event is something that happened to a session.
type Event interface{ apply(*step) }

type (
	// Attach says that a connection is there: the first, or one that resumes. The
	// snapshot follows. Anew says that the session was on another node until now.
	Attach struct{ Anew bool }
	// Detach says that the connection is gone. The session ends at Until.
	Detach struct{ Until time.Time }
	// Expire says that it is Now; a session detached for too long ends.
	Expire struct{ Now time.Time }
	// Quit ends the session at once, as if its user had left, or for the reason that the partner is told.
	Quit struct{ Reason protocol.EndReason }
	// Tick is the heartbeat.
	Tick struct{}
	// Drain allows no new matches and ends a search; it ends a match too unless Spare
	// is set. RetryAfter is for the client.
	Drain struct {
		Spare      bool
		RetryAfter time.Duration
	}
	// Move asks the client to go to another node: this one stops Within that time. Nothing else changes before it has gone.
	Move struct{ Within time.Duration }
	// Request is a message from the client, by connection or data channel.
	Request struct{ Message protocol.Message }

	// Arrived is the outcome of Arrive.
	Arrived struct {
		ID       string
		Standing Standing
		Err      error
	}
	// Confirmed is the outcome of Confirm.
	Confirmed struct {
		ID   string
		Pair Pair
		Err  error
	}
	// Renewed is the outcome of Renew.
	Renewed struct {
		ID       string
		Answer   bool
		Not      string
		Standing Standing
		Err      error
	}
	// Recorded is the outcome of Record; Number is the report's.
	Recorded struct {
		About  Met
		Report *protocol.Report
		Number string
		Err    error
	}
	// Done is the outcome of Block.
	Done struct {
		Answer protocol.Message
		Err    error
	}
	// Answered is the outcome of Offer.
	Answered struct {
		ID, SDP string
		Err     error
	}

	// PairMade is the queue's hint that the session is in a pair.
	PairMade struct{ Pair Pair }
	// PairEnded is the queue's hint that a pair of the session is over.
	PairEnded struct {
		Pair   string
		Reason protocol.EndReason
	}
	// FromPeer is a message from the partner's session.
	FromPeer struct{ Message PeerMessage }
	// Located is the outcome of Locate; Node "" means that nothing is known.
	Located struct{ Session, Node string }
	// Estranged says that no media passes between this node and another, though both live.
	Estranged struct{ Node string }
	// NodeGone says that a node is no more, with all that lived on it.
	NodeGone struct{ Node string }
)

func (e Attach) apply(t *step) {
	was := t.Attached
	t.Attached, t.Until = true, time.Time{}
	switch t.Phase {
	case Idle:
		if e.Anew { // the node may have died before the queue heard
			t.do(Leave{protocol.EndLeft})
		}
		if t.Last.Untold {
			t.send(&protocol.Ended{Match: t.Last.ID, Reason: t.Last.Reason})
		}
	case Waiting:
		if was || e.Anew { // still in the queue, or in a pair that the hint of is under way, or was lost with the node
			t.do(Renew{Answer: true})
			return
		}
		t.do(Arrive{Ticket: t.ticket()})
	case Matched:
		t.matched("", true)
		if t.Match.Away {
			t.send(&protocol.Partner{Match: t.Match.ID, State: protocol.PartnerReconnecting})
		}
		if !was {
			t.changed()
		}
		if e.Anew {
			t.Match.Doubt = true
			t.route()
			t.do(Locate{t.Match.Partner.Session})
		}
		t.do(Renew{}) // it may have ended meanwhile, and the hint is lost
	}
}

func (e Located) apply(t *step) {
	if t.Phase != Matched || e.Session != t.Match.Partner.Session || e.Node == "" || e.Node == t.Match.Partner.Node {
		return
	}
	t.Match.Partner.Node = e.Node
	t.tell()
	t.route()
}

func (e NodeGone) apply(t *step) {
	if t.Phase != Matched || t.Match.Partner.Node != e.Node || e.Node == t.Self.Node {
		return
	}
	t.Match.Lost = true
	t.away(true)
}

// One of two who do not see each other goes: the same on both sides, whoever hears of it first.
func (e Estranged) apply(t *step) {
	m := &t.Match
	if t.Phase == Matched && m.Mode == protocol.ModeVideo && m.Partner.Node == e.Node && e.Node != t.Self.Node && t.Self.Session < m.Partner.Session {
		t.send(&protocol.Moved{})
	}
}

func (e Detach) apply(t *step) {
	if !t.Attached {
		return
	}
	t.Attached, t.Until = false, e.Until
	switch t.Phase {
	case Waiting:
		t.do(Leave{protocol.EndLeft})
	case Matched:
		t.changed()
	}
}

func (e Expire) apply(t *step) {
	if !t.Attached && !e.Now.Before(t.Until) {
		t.quit(protocol.EndLost)
	}
}

func (e Quit) apply(t *step) {
	if e.Reason == "" {
		e.Reason = protocol.EndLeft
	}
	t.quit(e.Reason)
}

func (t *step) quit(reason protocol.EndReason) {
	if t.Phase != Idle {
		t.do(Leave{reason})
	}
	t.do(Remove{}, End{})
	t.State = State{Self: t.Self, Over: true}
}

func (Tick) apply(t *step) {
	switch {
	case t.Phase == Waiting && t.Attached:
		t.do(Renew{})
	case t.Phase == Matched:
		if t.Match.Told < t.Match.Facts || t.Match.Lost { // whatever the partner answers shows that it lives
			t.tell()
			t.do(Locate{t.Match.Partner.Session})
		}
		t.do(Renew{})
	}
}

func (e Drain) apply(t *step) {
	t.Draining = true
	switch t.Phase {
	case Waiting:
		t.idle()
		t.do(Leave{protocol.EndDrain})
		t.send(draining("").After(e.RetryAfter))
	case Matched:
		if e.Spare {
			return
		}
		t.ended(protocol.EndDrain)
		t.do(Leave{protocol.EndDrain})
	}
}

func (e Move) apply(t *step) { t.send(&protocol.Moved{WithinMS: e.Within.Milliseconds()}) }

func draining(id string) *protocol.Error {
	return protocol.Errorf(protocol.Draining, "the server is restarting: try again in a moment").Re(id)
}
