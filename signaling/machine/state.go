package machine

import (
	"time"

	"passerby/signaling/protocol"
)

// Phase is the first half of a state.
type Phase uint8

// The phases.
const (
	Idle    Phase = iota // not looking for anybody
	Waiting              // looking
	Matched              // talking
)

// String names the phase.
func (p Phase) String() string { return [...]string{"idle", "waiting", "matched"}[p] }

// Self is who the session is; it never changes.
type Self struct {
	Session, User, Node string
	Pool                string // people of different pools never meet
	Said                Said   // of him by the app that he comes from
}

// State is all that is known of a session. Make it with New.
type State struct {
	Self     Self
	Phase    Phase
	Attached bool      // a connection is there
	Wished   bool      // Wish and Key hold those of a find
	Draining bool      // no new matches
	Over     bool      // the session has ended; it ignores everything
	Until    time.Time // while detached: when the session ends
	Wish     Wish
	Key      string
	Since    time.Time // while waiting: when that began; zero until the queue has said
	Position int       // while waiting: what the client was told last
	Match    Match     // while matched
	Last     Last      // the most recent match that is over
	Met      []Met     // matches that are over and can still be reported or blocked, newest first
}

// Match is the conversation that the session is in.
type Match struct {
	ID        string
	Mode      protocol.Mode
	At        time.Time
	Initiator bool
	Away      bool // the partner has no connection
	Lost      bool // … because its node is gone
	Doubt     bool // the last heartbeat said that this match is over
	Partner   Side
	Tags      []string
	Key       string // our own public key in it
	Rekeys    int    // how often it was replaced
	Sent      uint64 // highest n of a text from us
	Acked     uint64 // highest n that we have acknowledged
	Facts     uint64 // version of what the partner should know of us
	Told      uint64 // version that the partner has confirmed
	Seen      uint64 // version of what we know of the partner
	Own       Commit // of the keys of our media
	Theirs    Commit // of the partner's
}

// Commit binds a side to the keys of its media under a key id.
type Commit struct {
	KeyID string `json:",omitempty"`
	Hash  string `json:",omitempty"`
}

// Last is a match that is over. Untold means that its end may not have reached the
// client, so that a resume repeats it.
type Last struct {
	ID     string
	Reason protocol.EndReason
	Untold bool
}

// Met is who was met in a match, and what a report of it should say.
type Met struct {
	Match     string
	User      string
	Session   string
	Mode      protocol.Mode
	At        int64 // Unix ms
	Initiator bool  // this session, not the one that was met
	Theirs    Commit
	Reported  bool // by this session, which counts once
}

// Remembered is how many matches that are over can still be reported or blocked.
const Remembered = 8

// New makes the state of a session that nobody is connected to yet.
func New(self Self) State { return State{Self: self} }

// Step applies one event. The effects are to be carried out in order; what comes of
// one is stepped in before the next is carried out.
func Step(s State, ev Event) (State, []Effect) {
	if s.Over {
		return s, nil
	}
	t := step{State: s}
	ev.apply(&t)
	return t.State, t.effects
}

// step collects what one event does.
type step struct {
	State
	effects []Effect
}

func (t *step) do(effects ...Effect) { t.effects = append(t.effects, effects...) }

// send answers the client; a client that is not there is told by the snapshot later.
func (t *step) send(m protocol.Message) {
	if t.Attached {
		t.do(Send{m})
	}
}

// refuse answers a request with an error.
func (t *step) refuse(id string, code protocol.Code, format string, args ...any) {
	t.send(protocol.Errorf(code, format, args...).Re(id))
}

func (t *step) ticket() Ticket {
	return Ticket{
		Session: t.Self.Session, User: t.Self.User, Node: t.Self.Node, Pool: t.Self.Pool,
		Wish: t.Wish, Key: t.Key, Name: t.Self.Said.Name, Since: t.Since,
	}
}

// keyID is the key id of the current match.
func (t *step) keyID() uint64 {
	if t.Match.Initiator {
		return KeyID(t.Match.ID, t.Match.Key, t.Match.Partner.Key)
	}
	return KeyID(t.Match.ID, t.Match.Partner.Key, t.Match.Key)
}

// route feeds the session from its partner.
func (t *step) route() {
	node := t.Match.Partner.Node
	if node == t.Self.Node {
		node = ""
	}
	t.do(Route{Node: node, From: t.Match.Partner.Session, KeyID: t.keyID()})
}

// matched tells the client about the current match.
func (t *step) matched(id string, resumed bool) {
	m := &t.Match
	tags := m.Tags
	if tags == nil {
		tags = []string{}
	}
	t.send(&protocol.Matched{
		Head: protocol.Re(id), Match: m.ID, Mode: m.Mode, Initiator: m.Initiator,
		Peer:  protocol.Peer{Key: m.Partner.Key, Tags: tags, Language: m.Partner.Language, Name: m.Partner.Name},
		KeyID: FormatKeyID(t.keyID()), At: m.At.UnixMilli(),
		Resumed: resumed, Sent: m.Sent, Acked: m.Acked,
	})
	t.committed()
}

// committed tells the client what the partner has committed to, if that is for the present keys.
func (t *step) committed() {
	if c := t.Match.Theirs; c.Hash != "" && c.KeyID == FormatKeyID(t.keyID()) {
		t.send(&protocol.Committed{Match: t.Match.ID, KeyID: c.KeyID, Commit: c.Hash})
	}
}

// waiting tells the client its place in the queue.
func (t *step) waiting(id string, st Standing) {
	t.Position = st.Position
	t.send(&protocol.Waiting{
		Head: protocol.Re(id), Since: t.Since.UnixMilli(), Mode: t.Wish.Mode,
		Position: st.Position, EstimateMS: st.Estimate.Milliseconds(),
	})
}

// over ends the current match on this side: it becomes Last and its media stops.
func (t *step) over(reason protocol.EndReason, untold bool) {
	t.Last = Last{ID: t.Match.ID, Reason: reason, Untold: untold}
	older := t.Met[:min(len(t.Met), Remembered-1)]
	t.Met = append([]Met{t.meeting()}, older...)
	t.Match = Match{}
	t.Phase = Idle
	t.do(Route{})
}

// meeting is what is remembered of the current match.
func (t *step) meeting() Met {
	m := &t.Match
	return Met{
		Match: m.ID, User: m.Partner.User, Session: m.Partner.Session,
		Mode: m.Mode, At: m.At.UnixMilli(), Initiator: m.Initiator, Theirs: m.Theirs,
	}
}

// ended ends the current match and tells the client.
func (t *step) ended(reason protocol.EndReason) {
	id := t.Match.ID
	t.over(reason, true)
	t.send(&protocol.Ended{Match: id, Reason: reason})
}

// idle stops a search.
func (t *step) idle() {
	t.Phase = Idle
	t.Since, t.Position = time.Time{}, 0
}

// tell sends what the partner should know of us.
func (t *step) tell() {
	t.peer(PeerMessage{Facts: &Facts{Version: t.Match.Facts, Online: t.Attached, Key: t.Match.Key, Node: t.Self.Node, Commit: t.Match.Own}})
}

// changed is tell after a change.
func (t *step) changed() {
	t.Match.Facts++
	t.tell()
}

// peer sends to the partner's session.
func (t *step) peer(m PeerMessage) {
	m.Match, m.From = t.Match.ID, t.Self.Session
	t.do(Tell{Node: t.Match.Partner.Node, Session: t.Match.Partner.Session, Message: m})
}
