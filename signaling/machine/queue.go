package machine

import (
	"errors"
	"time"

	"passerby/signaling/protocol"
)

// Errors that the outside hands in with its results; wrap them to add text.
var (
	// ErrGone says that a pair is over: Confirm came too late.
	ErrGone = errors.New("the pair is over")
	// ErrWish says that a wish is not acceptable; the text names the field and is shown to the client.
	ErrWish = errors.New("unacceptable wish")
	// ErrSDP says that a session description is not acceptable.
	ErrSDP = errors.New("unacceptable session description")
	// ErrEvidence says that a report offers as proof what is none; the text is shown.
	ErrEvidence = errors.New("the report was not taken")
)

// Wish is what a user looks for.
type Wish struct {
	Mode     protocol.Mode
	Tags     []string
	Language string
	Gender   protocol.Gender
	Seeking  []protocol.Gender
	Widen    bool
}

// Ticket is a wish with who has it. Session and User are ids, Node is where the
// session lives, Key is opaque and handed to the partner. A zero Since means now;
// another keeps a place in the queue.
type Ticket struct {
	Session, User, Node string
	Pool                string
	Wish                Wish
	Key                 string
	Name                string
	Since               time.Time
}

// Side is one of the two in a pair.
type Side struct{ Session, User, Node, Key, Language, Region, Name string }

// Pair is two sessions that the queue brought together. Tags are those that both named.
type Pair struct {
	ID                   string
	Mode                 protocol.Mode
	At                   time.Time
	Initiator, Responder Side
	Tags                 []string
}

// Place is where a session stands with the queue.
type Place int

// The places.
const (
	Absent Place = iota // neither waiting nor in a pair
	InLine              // waiting
	Paired              // in a pair
)

// Standing is the queue's truth about one session. Position counts from 1, 0 is
// unknown; Estimate 0 is unknown; Pair is set when Place is Paired; Ended may be set
// when it is Absent.
type Standing struct {
	Place    Place
	Since    time.Time
	Position int
	Estimate time.Duration
	Pair     *Pair
	Ended    *Ending
}

// Ending says how a session's last pair ended without its doing.
type Ending struct {
	Pair   string
	Reason protocol.EndReason
}
