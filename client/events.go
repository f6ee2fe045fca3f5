package client

import (
	"time"

	"passerby/client/e2ee"
	"passerby/signaling/protocol"
)

// Event is one of the types below.
type Event interface{ event() }

// Connected says that there is a session; Resumed, that it is the one from before the connection was lost.
type Connected struct {
	Resumed bool
	Limits  protocol.Limits
}

// Disconnected says that the connection is lost. The client comes back by itself.
type Disconnected struct{ Err error }

// Waiting says that the server looks for somebody.
type Waiting struct {
	Since time.Time
	// Position counts from 1; 0 when unknown. Estimate is 0 when unknown.
	Position int
	Estimate time.Duration
}

// Matched says that a partner is there. Texts can be sent from then on.
type Matched struct {
	Match     string
	Mode      Mode
	Initiator bool
	// Tags are those that both named.
	Tags     []string
	Language string
	At       time.Time
}

// Message is a text of the partner: each comes once, in the order of N.
type Message struct {
	Match string
	N     uint64
	Text  string
	// At is when the server forwarded it.
	At time.Time
	// Evidence proves it in a report.
	Evidence protocol.Evidence
}

// Delivered says that the partner has own text N.
type Delivered struct {
	Match string
	N     uint64
}

// Typing says whether the partner types.
type Typing struct {
	Match string
	On    bool
}

// Partner says whether the partner has a connection, and whether microphone and camera are on.
type Partner struct {
	Match        string
	Online       bool
	Audio, Video bool
}

// Verification compares the keys: both people of a match have the same Emoji, unless somebody sits between them. Let them be
// compared by a way that he does not control. A nil Emoji means that nothing is verified: with Failed somebody lied, without it
// the keys are others now, and another Verification follows.
type Verification struct {
	Match  string
	Emoji  *[4]e2ee.Emoji
	Failed bool
}

// FirstFrame says that a picture of the partner was opened for the first time in a match.
type FirstFrame struct{ Match string }

// Ended says that a match is over.
type Ended struct {
	Match  string
	Reason protocol.EndReason
	// Undelivered are own texts of which nobody said that they were read.
	Undelivered []uint64
}

// Reported answers Report; Number may be "".
type Reported struct{ Match, Number string }

// Blocked answers Block.
type Blocked struct{ Match string }

// Refused says that the server did not take something. The session goes on.
type Refused struct{ Err *protocol.Error }

// Failed is the last event: the client has given up.
type Failed struct{ Err error }

func (Connected) event()    {}
func (Disconnected) event() {}
func (Waiting) event()      {}
func (Matched) event()      {}
func (Message) event()      {}
func (Delivered) event()    {}
func (Typing) event()       {}
func (Partner) event()      {}
func (Verification) event() {}
func (FirstFrame) event()   {}
func (Ended) event()        {}
func (Reported) event()     {}
func (Blocked) event()      {}
func (Refused) event()      {}
func (Failed) event()       {}
