package match

import "time"

// Ticket is one session's place in the queue.
type Ticket struct {
	Session string // one tab; unique
	User    string // the person; holds one place or one pair at a time
	Node    string // where the session lives; carried, not read
	Wish    Wish
	Key     string // opaque, handed to the partner inside the Pair; at most MaxKey bytes
	Name    string // shown to the partner; the server says which; empty: none
	Pool    string // people of different pools never meet: minors and adults; the server says which, never the client
	Region  string // where the session's node is; those of one region come first; empty: near to everybody

	// Since is the place in line; zero means now. A session that was waiting
	// before a reconnect passes its earlier Standing.Since. Whole
	// milliseconds count; a time in the future is taken as now.
	Since time.Time
}

// MaxKey is the most bytes of a Ticket's Key.
const MaxKey = 1024

// Side is one of the two people in a pair.
type Side struct {
	Session, User, Node, Key, Language, Region, Name string
}

// Pair is two people who are to talk. It is made atomically: either both are
// in it or neither. Each side confirms that it has learnt of it.
type Pair struct {
	ID                   string // unguessable; names the conversation for both
	Mode                 Mode
	At                   time.Time
	Initiator, Responder Side
	Tags                 []string // tags that both named, sorted
}

// Sides returns the session's own side and its partner's; ok is false when
// the session is in neither.
func (p Pair) Sides(session string) (own, partner Side, ok bool) {
	switch session {
	case p.Initiator.Session:
		return p.Initiator, p.Responder, true
	case p.Responder.Session:
		return p.Responder, p.Initiator, true
	}
	return Side{}, Side{}, false
}

// State is where a session stands.
type State int

// The states of a session in the queue.
const (
	Absent State = iota
	Waiting
	Paired
)

func (s State) String() string {
	switch s {
	case Absent:
		return "absent"
	case Waiting:
		return "waiting"
	case Paired:
		return "paired"
	}
	return "unknown"
}

// Standing is the truth about a session at one moment.
type Standing struct {
	State    State
	Since    time.Time     // Waiting: the place; pass it on in a Ticket to keep it
	Position int           // Waiting: 1 + how many of the same mode arrived earlier and wait still
	Estimate time.Duration // Waiting: likely time to a match at the recent rate; 0 = unknown
	Pair     *Pair         // Paired
	Ended    *Ending       // Absent: the pair that ended without this session's doing, remembered for one lease
}

// Ending says how a session's last pair ended. It tells a session that
// missed the hint.
type Ending struct {
	Pair   string
	Reason EndReason
}

// EndReason says why a pair ended, in the protocol's words.
type EndReason string

// The reasons for the end of a pair.
const (
	EndNext      EndReason = "next"      // the partner looks for somebody else
	EndLeft      EndReason = "left"      // the partner went
	EndLost      EndReason = "lost"      // the partner's heartbeat or confirmation stayed away
	EndBlocked   EndReason = "blocked"   // one blocked the other
	EndModerated EndReason = "moderated" // a moderator ended it
	EndDrain     EndReason = "drain"     // the node shuts down
)

// EventKind is what an Event tells.
type EventKind int

// The kinds of events.
const (
	PairMade EventKind = iota + 1
	PairEnded
)

func (k EventKind) String() string {
	switch k {
	case PairMade:
		return "pair made"
	case PairEnded:
		return "pair ended"
	}
	return "unknown"
}

// Event is a hint to one session that its standing has changed. Hints of one
// session come in order; any may be missing or come twice. The truth is what
// Renew answers. A session gets no hint of what its own call has answered.
//
// After PairEnded a session is absent, with one exception: when the pair was
// never confirmed by the partner, a side that had confirmed waits again at
// its old place (reason EndLost). Renew tells which.
type Event struct {
	Session string
	Kind    EventKind
	Pair    Pair
	Reason  EndReason // PairEnded
}
