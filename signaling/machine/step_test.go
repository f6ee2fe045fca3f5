package machine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

var (
	self  = machine.Self{Session: "s-ann", User: "ann", Node: "n1"}
	ann   = machine.Side{Session: "s-ann", User: "ann", Node: "n1", Key: "ka", Language: "en"}
	bob   = machine.Side{Session: "s-bob", User: "bob", Node: "n2", Key: "kb", Language: "de"}
	at    = time.UnixMilli(1_000)
	later = time.UnixMilli(60_000)
	pair  = machine.Pair{ID: "m1", Mode: protocol.ModeVideo, At: at, Initiator: ann, Responder: bob, Tags: []string{"go"}}
	other = machine.Pair{ID: "m2", Mode: protocol.ModeVideo, At: at, Initiator: bob, Responder: ann}
	alien = machine.Pair{ID: "m3", Initiator: bob, Responder: machine.Side{Session: "s-cid"}}
	wish  = machine.Wish{Mode: protocol.ModeVideo, Tags: []string{"go"}}
	boom  = errors.New("boom")
	met   = machine.Met{Match: "m1", User: "bob", Session: "s-bob", Mode: protocol.ModeVideo, At: at.UnixMilli(), Initiator: true}
	about = &protocol.Report{Head: head, Match: "m1"}
)

// The states that the table starts from.
var (
	detached = machine.State{Self: self, Until: later}
	idle     = machine.State{Self: self, Attached: true}
	wished   = machine.State{Self: self, Attached: true, Wished: true, Wish: wish, Key: "ka"}
	waiting  = with(wished, func(s *machine.State) { s.Phase, s.Since, s.Position = machine.Waiting, at, 3 })
	asking   = with(wished, func(s *machine.State) { s.Phase = machine.Waiting })
	matched  = with(wished, func(s *machine.State) {
		s.Phase = machine.Matched
		s.Match = machine.Match{
			ID: "m1", Mode: protocol.ModeVideo, At: at, Initiator: true, Partner: bob, Tags: []string{"go"}, Key: "ka",
		}
	})
	parted = with(wished, func(s *machine.State) {
		s.Last = machine.Last{ID: "m1", Reason: protocol.EndNext, Untold: true}
		s.Met = []machine.Met{met}
	})
	waitingAway = with(waiting, away)
	matchedAway = with(matched, func(s *machine.State) { away(s); s.Match.Facts = 1 })
	over        = machine.State{Self: self, Over: true}
)

func away(s *machine.State) { s.Attached, s.Until = false, later }

func worn(s *machine.State) { s.Match.Rekeys = machine.MaxRekeys }

func with(s machine.State, change func(*machine.State)) machine.State {
	change(&s)
	return s
}

// last makes a change that remembers the match m1 as over.
func last(reason protocol.EndReason, untold bool) func(*machine.State) {
	return func(s *machine.State) {
		s.Phase, s.Match = machine.Idle, machine.Match{}
		s.Last = machine.Last{ID: "m1", Reason: reason, Untold: untold}
		s.Met = append([]machine.Met{met}, s.Met...)
	}
}

func send(m protocol.Message) machine.Effect { return machine.Send{Message: m} }

func ticket(since time.Time) machine.Ticket {
	return machine.Ticket{Session: "s-ann", User: "ann", Node: "n1", Wish: wish, Key: "ka", Since: since}
}

func tell(m machine.PeerMessage) machine.Effect {
	m.Match, m.From = "m1", "s-ann"
	return machine.Tell{Node: "n2", Session: "s-bob", Message: m}
}

func facts(version uint64, online bool, key string) machine.Effect {
	return tell(machine.PeerMessage{Facts: &machine.Facts{Version: version, Online: online, Key: key, Node: "n1"}})
}

func partner(state protocol.PartnerState) machine.Effect {
	return send(&protocol.Partner{Match: "m1", State: state})
}

func moved(s *machine.State) { s.Match.Seen, s.Match.Partner.Node = 1, "n3" }
func lost(s *machine.State)  { s.Match.Lost, s.Match.Away = true, true }

// fromBob is a message of the partner's session.
func fromBob(m machine.PeerMessage) machine.Event {
	m.Match, m.From = "m1", "s-bob"
	return machine.FromPeer{Message: m}
}

func req(m protocol.Message) machine.Event { return machine.Request{Message: m} }

var (
	head    = protocol.Re("r")
	stop    = machine.Route{}
	keyID   = machine.KeyID("m1", "ka", "kb")
	route   = machine.Route{Node: "n2", From: "s-bob", KeyID: keyID}
	isWait  = &protocol.Waiting{Head: head, Since: 1000, Mode: protocol.ModeVideo, Position: 3}
	isMatch = &protocol.Matched{
		Match: "m1", Mode: protocol.ModeVideo, Initiator: true,
		Peer: protocol.Peer{Key: "kb", Tags: []string{"go"}, Language: "de"}, KeyID: machine.FormatKeyID(keyID), At: 1000,
	}
	inLine = machine.Standing{Place: machine.InLine, Since: at, Position: 3}
	inPair = machine.Standing{Place: machine.Paired, Since: at, Pair: &pair}
)

func matchedMessage(change func(*protocol.Matched)) machine.Effect {
	m := *isMatch
	change(&m)
	return send(&m)
}

func fail(code protocol.Code, text string) machine.Effect {
	return send(protocol.Errorf(code, "%s", text).Re("r"))
}

const (
	internalText = "the server failed to do this; try again"
	drainText    = "the server is restarting: try again in a moment"
	goneText     = "match: neither the current one nor one of the last 8"
)

// transitions is the whole machine: from, event, to, effects.
var transitions = []struct {
	name    string
	from    machine.State
	event   machine.Event
	to      machine.State
	effects []machine.Effect
}{
	// Connections.
	{"the first connection", machine.New(self), machine.Attach{}, idle, nil},
	{"back to nothing", detached, machine.Attach{}, idle, nil},
	{"back to a match that ended", with(parted, away), machine.Attach{}, parted,
		[]machine.Effect{send(&protocol.Ended{Match: "m1", Reason: "next"})}},
	{"back to the queue", waitingAway, machine.Attach{}, waiting, []machine.Effect{machine.Arrive{Ticket: ticket(at)}}},
	{"taken over in the queue", waiting, machine.Attach{}, waiting, []machine.Effect{machine.Renew{Answer: true}}},
	{"back to the match", matchedAway, machine.Attach{}, with(matched, func(s *machine.State) { s.Match.Facts = 2 }),
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) { m.Resumed = true }), facts(2, true, "ka"), machine.Renew{}}},
	{"back to a match whose partner is away",
		with(matchedAway, func(s *machine.State) { s.Match.Away, s.Match.Sent, s.Match.Acked = true, 7, 5 }), machine.Attach{},
		with(matched, func(s *machine.State) { s.Match.Away, s.Match.Sent, s.Match.Acked, s.Match.Facts = true, 7, 5, 2 }),
		[]machine.Effect{
			matchedMessage(func(m *protocol.Matched) { m.Resumed, m.Sent, m.Acked = true, 7, 5 }),
			send(&protocol.Partner{Match: "m1", State: "reconnecting"}), facts(2, true, "ka"), machine.Renew{},
		}},
	{"taken over in the match", matched, machine.Attach{}, matched,
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) { m.Resumed = true }), machine.Renew{}}},
	{"gone from nothing", idle, machine.Detach{Until: later}, detached, nil},
	{"gone twice", detached, machine.Detach{Until: at}, detached, nil},
	{"gone from the queue", waiting, machine.Detach{Until: later}, waitingAway, []machine.Effect{machine.Leave{Reason: "left"}}},
	{"gone from the match", matched, machine.Detach{Until: later}, matchedAway, []machine.Effect{facts(1, false, "ka")}},
	{"not expired yet", detached, machine.Expire{Now: later.Add(-1)}, detached, nil},
	{"expiry of one who is back", idle, machine.Expire{Now: later}, idle, nil},
	{"expired", detached, machine.Expire{Now: later}, over, []machine.Effect{machine.Remove{}, machine.End{}}},
	{"expired in the queue", waitingAway, machine.Expire{Now: later}, over,
		[]machine.Effect{machine.Leave{Reason: "lost"}, machine.Remove{}, machine.End{}}},
	{"expired in the match", matchedAway, machine.Expire{Now: later}, over,
		[]machine.Effect{machine.Leave{Reason: "lost"}, machine.Remove{}, machine.End{}}},
	{"quit", idle, machine.Quit{}, over, []machine.Effect{machine.Remove{}, machine.End{}}},
	{"quit in the match", matched, machine.Quit{}, over,
		[]machine.Effect{machine.Leave{Reason: "left"}, machine.Remove{}, machine.End{}}},
	{"over is over", over, machine.Attach{}, over, nil},

	// Heartbeats.
	{"heartbeat of nothing", idle, machine.Tick{}, idle, nil},
	{"heartbeat in the queue", waiting, machine.Tick{}, waiting, []machine.Effect{machine.Renew{}}},
	{"heartbeat away from the queue", waitingAway, machine.Tick{}, waitingAway, nil},
	{"heartbeat in the match", matched, machine.Tick{}, matched, []machine.Effect{machine.Renew{}}},
	{"heartbeat tells again", matchedAway, machine.Tick{}, matchedAway, []machine.Effect{
		facts(1, false, "ka"), machine.Locate{Session: "s-bob"}, machine.Renew{}}},

	// Draining.
	{"drain", idle, machine.Drain{}, with(idle, drain), nil},
	{"drain the queue", waiting, machine.Drain{RetryAfter: time.Second}, with(wished, drain), []machine.Effect{
		machine.Leave{Reason: "drain"}, send(protocol.Errorf(protocol.Draining, drainText).After(time.Second))}},
	{"drain spares the match", matched, machine.Drain{Spare: true}, with(matched, drain), nil},
	{"drain the match", matched, machine.Drain{}, with(with(matched, drain), last("drain", true)), []machine.Effect{
		stop, send(&protocol.Ended{Match: "m1", Reason: "drain"}), machine.Leave{Reason: "drain"}}},
	{"find while draining", with(wished, drain), req(search("ka")), with(wished, drain), []machine.Effect{fail(protocol.Draining, drainText)}},
	{"next while draining leaves", with(matched, drain), req(&protocol.Next{Head: head}), with(with(matched, drain), last("next", false)),
		[]machine.Effect{stop, machine.Leave{Reason: "next"}, fail(protocol.Draining, drainText)}},

	// Looking.
	{"find", idle, req(search("ka")), asking, []machine.Effect{machine.Arrive{ID: "r", Ticket: ticket(time.Time{})}}},
	{"find something else keeps the place", with(waiting, func(s *machine.State) { s.Wish.Tags = []string{"rust"} }), req(search("ka")), waiting,
		[]machine.Effect{machine.Arrive{ID: "r", Ticket: ticket(at)}}},
	{"find in the match", matched, req(search("ka")),
		with(asking, func(s *machine.State) { last("next", false)(s); s.Phase = machine.Waiting }),
		[]machine.Effect{stop, machine.Arrive{ID: "r", Ticket: ticket(time.Time{})}}},
	{"find in the match that it is after", matched, req(after("m1", search("ka"))),
		with(asking, func(s *machine.State) { last("next", false)(s); s.Phase = machine.Waiting }),
		[]machine.Effect{stop, machine.Arrive{ID: "r", Ticket: ticket(time.Time{})}}},
	{"find that the match has crossed", matched, req(after("", search("kz"))), with(matched, func(s *machine.State) { s.Key = "kz" }),
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) { m.ID, m.Resumed = "r", true })}},
	{"next that the match has crossed", matched, req(&protocol.Next{Head: head, After: new("m0")}), matched,
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) { m.ID, m.Resumed = "r", true })}},
	{"next before find", idle, req(&protocol.Next{Head: head}), idle, []machine.Effect{fail(protocol.WrongState, "next comes after find")}},
	{"next before find while draining", with(idle, drain), req(&protocol.Next{Head: head}), with(idle, drain), []machine.Effect{fail(protocol.Draining, drainText)}},
	{"next after a match", parted, req(&protocol.Next{Head: head, Key: "ka"}),
		with(parted, func(s *machine.State) { s.Phase, s.Last.Untold = machine.Waiting, false }),
		[]machine.Effect{machine.Arrive{ID: "r", Ticket: ticket(time.Time{})}}},
	{"next keeps the place", waiting, req(&protocol.Next{Head: head}), waiting,
		[]machine.Effect{machine.Arrive{ID: "r", Ticket: ticket(at)}}},
	{"next in the match", matched, req(&protocol.Next{Head: head, Key: "kz", Widen: new(true)}),
		with(matched, func(s *machine.State) {
			last("next", false)(s)
			s.Phase, s.Key, s.Wish.Widen = machine.Waiting, "kz", true
		}),
		[]machine.Effect{stop, machine.Arrive{ID: "r", Ticket: func() machine.Ticket {
			tk := ticket(time.Time{})
			tk.Key, tk.Wish.Widen = "kz", true
			return tk
		}()}}},
	{"leave nothing", parted, req(&protocol.Leave{Head: head}), with(parted, func(s *machine.State) { s.Last.Untold = false }),
		[]machine.Effect{send(&protocol.Left{Head: head})}},
	{"leave the queue", waiting, req(&protocol.Leave{Head: head}), wished,
		[]machine.Effect{machine.Leave{Reason: "left"}, send(&protocol.Left{Head: head})}},
	{"leave the match", matched, req(&protocol.Leave{Head: head}), with(matched, last("left", false)),
		[]machine.Effect{stop, machine.Leave{Reason: "left"}, send(&protocol.Left{Head: head})}},

	// What the queue answers.
	{"arrived in line", asking, machine.Arrived{ID: "r", Standing: inLine}, waiting, []machine.Effect{send(isWait)}},
	{"arrived in a pair", asking, machine.Arrived{ID: "r", Standing: inPair},
		with(asking, func(s *machine.State) { s.Since = at }), []machine.Effect{machine.Confirm{ID: "r", Pair: pair}}},
	{"arrival failed", asking, machine.Arrived{ID: "r", Err: boom}, wished,
		[]machine.Effect{machine.Leave{Reason: "left"}, fail(protocol.Internal, internalText)}},
	{"arrived nowhere", asking, machine.Arrived{ID: "r"}, wished,
		[]machine.Effect{machine.Leave{Reason: "left"}, fail(protocol.Internal, internalText)}},
	{"wish refused", asking, machine.Arrived{ID: "r", Err: machine.ErrWish}, with(wished, func(s *machine.State) { s.Wished = false }),
		[]machine.Effect{machine.Leave{Reason: "left"}, fail(protocol.BadRequest, "unacceptable wish")}},
	{"confirmed", waiting, machine.Confirmed{ID: "r", Pair: pair}, matched,
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) { m.ID = "r" }), route}},
	{"confirmed as the responder", waiting, machine.Confirmed{Pair: other},
		with(matched, func(s *machine.State) { s.Match.ID, s.Match.Initiator, s.Match.Tags = "m2", false, nil }),
		[]machine.Effect{matchedMessage(func(m *protocol.Matched) {
			m.Match, m.Initiator, m.Peer.Tags = "m2", false, []string{}
			m.KeyID = machine.FormatKeyID(machine.KeyID("m2", "kb", "ka"))
		}), machine.Route{Node: "n2", From: "s-bob", KeyID: machine.KeyID("m2", "kb", "ka")}}},
	{"confirmed too late, answer owed", waiting, machine.Confirmed{ID: "r", Pair: pair, Err: machine.ErrGone}, waiting,
		[]machine.Effect{machine.Renew{ID: "r", Answer: true, Not: "m1"}}},
	{"confirmed too late", waiting, machine.Confirmed{Pair: pair, Err: machine.ErrGone}, waiting,
		[]machine.Effect{machine.Renew{Not: "m1"}}},
	{"confirmed while away", waitingAway, machine.Confirmed{Pair: pair}, waitingAway, nil},
	{"confirmed unasked", idle, machine.Confirmed{Pair: pair}, idle, nil},
	{"confirmed for somebody else", waiting, machine.Confirmed{Pair: alien}, waiting, nil},

	// The truth.
	{"still in line", waiting, machine.Renewed{Standing: inLine}, waiting, nil},
	{"still in line, answer owed", waiting, machine.Renewed{ID: "r", Answer: true, Standing: inLine}, waiting, []machine.Effect{send(isWait)}},
	{"nearer", waiting, machine.Renewed{Standing: machine.Standing{Place: machine.InLine, Since: at, Position: 2, Estimate: time.Second}},
		with(waiting, func(s *machine.State) { s.Position = 2 }),
		[]machine.Effect{send(&protocol.Waiting{Since: 1000, Mode: "video", Position: 2, EstimateMS: 1000})}},
	{"missed the hint", waiting, machine.Renewed{Standing: inPair}, waiting, []machine.Effect{machine.Confirm{Pair: pair}}},
	{"the pair that is over", waiting, machine.Renewed{ID: "r", Not: "m1", Answer: true, Standing: inPair},
		with(waiting, func(s *machine.State) { s.Position = 0 }),
		[]machine.Effect{send(&protocol.Waiting{Head: head, Since: 1000, Mode: "video"})}},
	{"lost the lease", waiting, machine.Renewed{}, waiting, []machine.Effect{machine.Arrive{Ticket: ticket(at)}}},
	{"the truth is not to be had", waiting, machine.Renewed{Err: boom}, waiting, nil},
	{"the truth is not to be had, answer owed", waiting, machine.Renewed{ID: "r", Answer: true, Err: boom}, waiting,
		[]machine.Effect{fail(protocol.Internal, internalText)}},
	{"truth for one who is away", waitingAway, machine.Renewed{}, waitingAway, nil},
	{"truth for nobody", idle, machine.Renewed{Standing: inPair}, idle, nil},
	{"still matched", with(matched, doubt), machine.Renewed{Standing: inPair}, matched, nil},
	{"doubt", matched, machine.Renewed{}, with(matched, doubt), nil},
	{"doubt no more", with(matched, doubt), machine.Renewed{}, with(matched, last("lost", true)),
		[]machine.Effect{stop, send(&protocol.Ended{Match: "m1", Reason: "lost"})}},
	{"ended without a hint", matched, machine.Renewed{Standing: endedOf("m1")}, with(matched, last("blocked", true)),
		[]machine.Effect{stop, send(&protocol.Ended{Match: "m1", Reason: "blocked"})}},
	{"ended without a hint, while away", matchedAway, machine.Renewed{Standing: endedOf("m1")}, with(matchedAway, last("blocked", true)),
		[]machine.Effect{stop}},
	{"the end of another", matched, machine.Renewed{Standing: endedOf("m0")}, with(matched, doubt), nil},
	{"ended before it was known of", waiting, machine.Renewed{Not: "m1", Standing: endedOf("m1")}, waiting,
		[]machine.Effect{machine.Arrive{Ticket: ticket(at)}}},
	{"matched with somebody else", with(matched, doubt),
		machine.Renewed{Standing: machine.Standing{Place: machine.Paired, Pair: &other}}, with(matched, last("lost", true)),
		[]machine.Effect{stop, send(&protocol.Ended{Match: "m1", Reason: "lost"}), machine.Leave{Reason: "left"}}},

	// Hints.
	{"paired", waiting, machine.PairMade{Pair: pair}, waiting, []machine.Effect{machine.Confirm{Pair: pair}}},
	{"paired while away", waitingAway, machine.PairMade{Pair: pair}, waitingAway, []machine.Effect{machine.Leave{Reason: "left"}}},
	{"paired unasked", idle, machine.PairMade{Pair: pair}, idle, []machine.Effect{machine.Leave{Reason: "left"}}},
	{"paired twice", matched, machine.PairMade{Pair: pair}, matched, nil},
	{"paired with a third", matched, machine.PairMade{Pair: other}, matched, []machine.Effect{machine.Renew{}}},
	{"paired late", parted, machine.PairMade{Pair: pair}, parted, nil},
	{"paired late, in the queue", with(waiting, func(s *machine.State) { s.Last = parted.Last }), machine.PairMade{Pair: pair},
		with(waiting, func(s *machine.State) { s.Last = parted.Last }), nil},
	{"paired by mistake", waiting, machine.PairMade{Pair: alien}, waiting, nil},
	{"ended", matched, machine.PairEnded{Pair: "m1", Reason: "next"}, with(matched, last("next", true)),
		[]machine.Effect{stop, send(&protocol.Ended{Match: "m1", Reason: "next"})}},
	{"ended while away", matchedAway, machine.PairEnded{Pair: "m1", Reason: "next"}, with(matchedAway, last("next", true)), []machine.Effect{stop}},
	{"another ended", matched, machine.PairEnded{Pair: "m0", Reason: "next"}, matched, nil},
	{"ended in the queue", waiting, machine.PairEnded{Pair: "m1", Reason: "next"}, waiting, nil},

	// Talking.
	{"text", matched, req(&protocol.Text{Match: "m1", N: 4}), with(matched, func(s *machine.State) { s.Match.Sent = 4 }),
		[]machine.Effect{machine.Forward{Node: "n2", Session: "s-bob", Text: &protocol.Text{Match: "m1", N: 4}}}},
	{"text again", with(matched, func(s *machine.State) { s.Match.Sent = 4 }), req(&protocol.Text{Match: "m1", N: 2}),
		with(matched, func(s *machine.State) { s.Match.Sent = 4 }),
		[]machine.Effect{machine.Forward{Node: "n2", Session: "s-bob", Text: &protocol.Text{Match: "m1", N: 2}}}},
	{"text by channel while away", matchedAway, req(&protocol.Text{Match: "m1", N: 1}), with(matchedAway, func(s *machine.State) { s.Match.Sent = 1 }),
		[]machine.Effect{machine.Forward{Node: "n2", Session: "s-bob", Text: &protocol.Text{Match: "m1", N: 1}}}},
	{"text to a match that is over", matched, req(&protocol.Text{Match: "m0", N: 1}), matched, nil},
	{"text to nobody", parted, req(&protocol.Text{Match: "m1", N: 1}), parted, nil},
	{"ack", matched, req(&protocol.Ack{Head: head, Match: "m1", N: 4}), with(matched, func(s *machine.State) { s.Match.Acked = 4 }),
		[]machine.Effect{tell(machine.PeerMessage{Relay: &protocol.Ack{Match: "m1", N: 4}})}},
	{"ack of the past", matched, req(&protocol.Ack{Match: "m0", N: 4}), matched, nil},
	{"signal", matched, req(&protocol.Signal{Head: head, Match: "m1", Data: "d"}), matched,
		[]machine.Effect{tell(machine.PeerMessage{Relay: &protocol.Signal{Match: "m1", Data: "d"}})}},
	{"signal of the past", matched, req(&protocol.Signal{Match: "m0"}), matched, nil},
	{"keyed", matched, req(&protocol.Keyed{Match: "m1"}), matched, []machine.Effect{machine.Keyed{}}},
	{"keyed for the past", matched, req(&protocol.Keyed{Match: "m0"}), matched, nil},
	{"shown", matched, req(&protocol.Shown{Match: "m1"}), matched, []machine.Effect{machine.Shown{}}},
	{"shown of the past", matched, req(&protocol.Shown{Match: "m0"}), matched, nil},
	{"ping", idle, req(&protocol.Ping{Head: head}), idle, []machine.Effect{send(&protocol.Pong{Head: head})}},
	{"hello again", idle, req(&protocol.Hello{Head: head}), idle, []machine.Effect{fail(protocol.WrongState, "hello is not expected now")}},

	// Media.
	{"offer", idle, req(&protocol.Offer{Head: head, SDP: "o"}), idle, []machine.Effect{machine.Offer{ID: "r", SDP: "o"}}},
	{"answered", idle, machine.Answered{ID: "r", SDP: "a"}, idle, []machine.Effect{send(&protocol.Answer{Head: head, SDP: "a"})}},
	{"answered in the match", matched, machine.Answered{ID: "r", SDP: "a"}, matched,
		[]machine.Effect{send(&protocol.Answer{Head: head, SDP: "a"}), route}},
	{"offer refused", idle, machine.Answered{ID: "r", Err: machine.ErrSDP}, idle,
		[]machine.Effect{fail(protocol.SDPInvalid, "the session description was not accepted: try again, or use text chat")}},
	{"media fails", idle, machine.Answered{ID: "r", Err: boom}, idle,
		[]machine.Effect{fail(protocol.MediaFailed, "the media server did not answer; try again")}},
	{"candidate", idle, req(&protocol.Candidate{Head: head, Candidate: "c"}), idle, []machine.Effect{machine.Candidate{ID: "r", Candidate: "c"}}},

	// Parting.
	{"report", matched, req(about), matched, []machine.Effect{machine.Record{About: met, Report: about}}},
	{"reported", matched, machine.Recorded{About: met, Report: about, Number: "7"}, with(with(matched, last("blocked", true)), reported("m1")), []machine.Effect{
		stop, send(&protocol.Ended{Match: "m1", Reason: "blocked"}), machine.Leave{Reason: "left"},
		machine.Block{Other: "bob", Answer: &protocol.Reported{Head: head, Match: "m1", Report: "7"}}}},
	{"a forged report", matched, machine.Recorded{About: met, Report: about, Err: fmt.Errorf("%w: message 3 is not the partner's", machine.ErrEvidence)}, matched,
		[]machine.Effect{fail(protocol.EvidenceInvalid, "the report was not taken: message 3 is not the partner's")}},
	{"a report that cannot be kept", matched, machine.Recorded{About: met, Report: about, Err: boom}, matched,
		[]machine.Effect{fail(protocol.Internal, "the server failed to do this; try again")}},
	{"report the last one", parted, req(about), parted, []machine.Effect{machine.Record{About: met, Report: about}}},
	{"the last one reported", parted, machine.Recorded{About: met, Report: about}, with(parted, reported("m1")), []machine.Effect{
		machine.Block{Other: "bob", Answer: &protocol.Reported{Head: head, Match: "m1"}}}},
	{"report the last one again", with(parted, reported("m1")), req(about), with(parted, reported("m1")), []machine.Effect{
		machine.Block{Other: "bob", Answer: &protocol.Reported{Head: head, Match: "m1"}}}},
	{"report nobody", idle, req(&protocol.Report{Head: head, Match: "m1"}), idle,
		[]machine.Effect{fail(protocol.NoMatch, goneText)}},
	{"block", matched, req(&protocol.Block{Head: head, Match: "m1"}), with(matched, last("blocked", true)), []machine.Effect{
		stop, send(&protocol.Ended{Match: "m1", Reason: "blocked"}), machine.Leave{Reason: "blocked"},
		machine.Block{Other: "bob", Answer: &protocol.Blocked{Head: head, Match: "m1"}}}},
	{"block one of before", with(matched, before), req(&protocol.Block{Head: head, Match: "m-8"}), with(matched, before), []machine.Effect{
		machine.Block{Other: "u-8", Answer: &protocol.Blocked{Head: head, Match: "m-8"}}}},
	{"block one of long ago", with(matched, before), req(&protocol.Block{Head: head, Match: "m-9"}), with(matched, before),
		[]machine.Effect{fail(protocol.NoMatch, goneText)}},
	{"report one of before", with(matched, before), req(&protocol.Report{Head: head, Match: "m-2"}), with(matched, before), []machine.Effect{
		machine.Record{About: machine.Met{Match: "m-2", User: "u-2"}, Report: &protocol.Report{Head: head, Match: "m-2"}}}},
	{"block one of before who is here again", with(matched, again), req(&protocol.Block{Head: head, Match: "m0"}),
		with(with(matched, again), last("blocked", true)), []machine.Effect{
			stop, send(&protocol.Ended{Match: "m1", Reason: "blocked"}), machine.Leave{Reason: "blocked"},
			machine.Block{Other: "bob", Answer: &protocol.Blocked{Head: head, Match: "m0"}}}},
	{"the oldest is forgotten", with(matched, before), req(&protocol.Leave{Head: head}), with(with(matched, before), func(s *machine.State) {
		s.Met = s.Met[:machine.Remembered-1]
		last("left", false)(s)
	}), []machine.Effect{stop, machine.Leave{Reason: "left"}, send(&protocol.Left{Head: head})}},
	{"block nobody", idle, req(&protocol.Block{Head: head}), idle,
		[]machine.Effect{fail(protocol.NoMatch, goneText)}},
	{"blocked", idle, machine.Done{Answer: &protocol.Blocked{Head: head, Match: "m1"}}, idle,
		[]machine.Effect{send(&protocol.Blocked{Head: head, Match: "m1"})}},
	{"block failed", idle, machine.Done{Answer: &protocol.Blocked{Head: head}, Err: boom}, idle, []machine.Effect{fail(protocol.Internal, internalText)}},

	// The partner.
	{"rekey too often", with(matched, worn), req(&protocol.Rekey{Head: head, Match: "m1", Key: "kz"}), with(matched, worn),
		[]machine.Effect{fail(protocol.RateLimited, "rekey: this match has had 20")}},
	{"rekey", matched, req(&protocol.Rekey{Head: head, Match: "m1", Key: "kz"}),
		with(matched, func(s *machine.State) { s.Match.Key, s.Match.Facts, s.Match.Rekeys = "kz", 1, 1 }), []machine.Effect{
			facts(1, true, "kz"),
			matchedMessage(func(m *protocol.Matched) {
				m.ID, m.Resumed, m.KeyID = "r", true, machine.FormatKeyID(machine.KeyID("m1", "kz", "kb"))
			}),
			machine.Route{Node: "n2", From: "s-bob", KeyID: machine.KeyID("m1", "kz", "kb")}}},
	{"rekey of the past", matched, req(&protocol.Rekey{Head: head, Match: "m0"}), matched,
		[]machine.Effect{fail(protocol.NoMatch, "match: not the current one")}},
	{"partner away", matched, fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Key: "kb"}}),
		with(matched, func(s *machine.State) { s.Match.Seen, s.Match.Away = 1, true }), []machine.Effect{
			send(&protocol.Partner{Match: "m1", State: "reconnecting"}), tell(machine.PeerMessage{Seen: 1})}},
	{"partner told late", with(matched, func(s *machine.State) { s.Match.Seen = 2 }),
		fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Key: "kb"}}),
		with(matched, func(s *machine.State) { s.Match.Seen = 2 }), []machine.Effect{tell(machine.PeerMessage{Seen: 2})}},
	{"partner back with a new key", with(matched, func(s *machine.State) { s.Match.Seen, s.Match.Away = 1, true }),
		fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: 3, Online: true, Key: "kz"}}),
		with(matched, func(s *machine.State) { s.Match.Seen, s.Match.Partner.Key = 3, "kz" }), []machine.Effect{
			send(&protocol.Partner{Match: "m1", State: "online"}),
			matchedMessage(func(m *protocol.Matched) {
				m.Resumed, m.Peer.Key, m.KeyID = true, "kz", machine.FormatKeyID(machine.KeyID("m1", "ka", "kz"))
			}),
			machine.Route{Node: "n2", From: "s-bob", KeyID: machine.KeyID("m1", "ka", "kz")}, tell(machine.PeerMessage{Seen: 3})}},
	{"partner on another node", matched, fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Online: true, Key: "kb", Node: "n3"}}),
		with(matched, moved), []machine.Effect{partner("online"), machine.Route{Node: "n3", From: "s-bob", KeyID: keyID}, machine.Tell{
			Node: "n3", Session: "s-bob", Message: machine.PeerMessage{Match: "m1", From: "s-ann", Seen: 1}}}},
	{"partner on this node now", matched, fromBob(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Online: true, Key: "kb", Node: "n1"}}),
		with(matched, func(s *machine.State) { s.Match.Seen, s.Match.Partner.Node = 1, "n1" }), []machine.Effect{
			partner("online"), machine.Route{From: "s-bob", KeyID: keyID}, machine.Tell{
				Node: "n1", Session: "s-bob", Message: machine.PeerMessage{Match: "m1", From: "s-ann", Seen: 1}}}},
	{"partner's node is gone", matched, machine.NodeGone{Node: "n2"}, with(matched, lost), []machine.Effect{partner("reconnecting")}},
	{"another node is gone", matched, machine.NodeGone{Node: "n3"}, matched, nil},
	{"a node is gone, and nobody is there", waiting, machine.NodeGone{Node: "n2"}, waiting, nil},
	{"heartbeat to a node that is gone", with(matched, lost), machine.Tick{}, with(matched, lost),
		[]machine.Effect{facts(0, true, "ka"), machine.Locate{Session: "s-bob"}, machine.Renew{}}},
	{"partner was not gone", with(matched, lost), fromBob(machine.PeerMessage{}), matched, []machine.Effect{partner("online")}},
	{"partner located", matched, machine.Located{Session: "s-bob", Node: "n3"},
		with(matched, func(s *machine.State) { s.Match.Partner.Node = "n3" }), []machine.Effect{machine.Tell{Node: "n3", Session: "s-bob",
			Message: machine.PeerMessage{Match: "m1", From: "s-ann", Facts: &machine.Facts{Online: true, Key: "ka", Node: "n1"}}},
			machine.Route{Node: "n3", From: "s-bob", KeyID: keyID}}},
	{"partner located where it was", matched, machine.Located{Session: "s-bob", Node: "n2"}, matched, nil},
	{"partner not located", matched, machine.Located{Session: "s-bob"}, matched, nil},
	{"somebody else located", matched, machine.Located{Session: "s-cid", Node: "n3"}, matched, nil},
	{"here anew and waiting", waitingAway, machine.Attach{Anew: true}, waiting, []machine.Effect{machine.Renew{Answer: true}}},
	{"in a match that is left", with(waiting, func(s *machine.State) { s.Last.ID = "m1" }),
		machine.Renewed{Answer: true, Standing: machine.Standing{Place: machine.Paired, Pair: &pair}},
		with(waiting, func(s *machine.State) { s.Last.ID = "m1" }), []machine.Effect{machine.Arrive{Ticket: ticket(at)}}},
	{"here anew and idle", detached, machine.Attach{Anew: true}, idle, []machine.Effect{machine.Leave{Reason: "left"}}},
	{"here anew in a match", matchedAway, machine.Attach{Anew: true},
		with(matched, func(s *machine.State) { s.Match.Facts, s.Match.Doubt = 2, true }), []machine.Effect{
			matchedMessage(func(m *protocol.Matched) { m.Resumed = true }), facts(2, true, "ka"),
			machine.Route{Node: "n2", From: "s-bob", KeyID: machine.KeyID("m1", "ka", "kb")}, machine.Locate{Session: "s-bob"}, machine.Renew{}}},
	{"matched on the node before", onAnotherNode(asking), machine.Confirmed{ID: "r", Pair: pair},
		onAnotherNode(with(matched, func(s *machine.State) { s.Match.Facts = 1 })), []machine.Effect{
			matchedMessage(func(m *protocol.Matched) { m.ID = "r" }),
			machine.Route{Node: "n2", From: "s-bob", KeyID: machine.KeyID("m1", "ka", "kb")},
			tell(machine.PeerMessage{Facts: &machine.Facts{Version: 1, Online: true, Key: "ka", Node: "n9"}})}},
	{"the queue says how it ended", matched, machine.Renewed{Standing: machine.Standing{Ended: &machine.Ending{Pair: "m1", Reason: "next"}}},
		with(matched, last("next", true)), []machine.Effect{stop, send(&protocol.Ended{Match: "m1", Reason: "next"})}},
	{"the queue says how another ended", matched, machine.Renewed{Standing: machine.Standing{Ended: &machine.Ending{Pair: "m0", Reason: "next"}}},
		with(matched, doubt), nil},
	{"partner knows", matchedAway, fromBob(machine.PeerMessage{Seen: 1}), with(matchedAway, func(s *machine.State) { s.Match.Told = 1 }), nil},
	{"partner knows too much", matchedAway, fromBob(machine.PeerMessage{Seen: 9}), with(matchedAway, func(s *machine.State) { s.Match.Told = 1 }), nil},
	{"relayed", matched, fromBob(machine.PeerMessage{Relay: &protocol.Ack{Match: "m1", N: 1}}), matched,
		[]machine.Effect{machine.Deliver{Message: &protocol.Ack{Match: "m1", N: 1}}}},
	{"relayed from the past", parted, fromBob(machine.PeerMessage{Relay: &protocol.Ack{Match: "m1", N: 1}}), parted, nil},
	{"relayed from a stranger", matched,
		machine.FromPeer{Message: machine.PeerMessage{Match: "m1", From: "s-eve", Relay: &protocol.Ack{Match: "m1", N: 1}}}, matched, nil},
}

// search is a find with the wish of the table.
func search(key string) *protocol.Find {
	return &protocol.Find{Head: head, Mode: "video", Tags: []string{"go"}, Key: key}
}

func after(match string, m *protocol.Find) *protocol.Find {
	m.After = &match
	return m
}

// before makes a change that remembers as many matches as there is room for.
func before(s *machine.State) {
	for i := range machine.Remembered {
		s.Met = append(s.Met, machine.Met{Match: fmt.Sprintf("m-%d", i+1), User: fmt.Sprintf("u-%d", i+1)})
	}
}

// reported makes a change that remembers a report of a match that is over.
func reported(match string) func(*machine.State) {
	return func(s *machine.State) {
		s.Met = slices.Clone(s.Met)
		for i := range s.Met {
			s.Met[i].Reported = s.Met[i].Reported || s.Met[i].Match == match
		}
	}
}

// again makes a change that remembers an earlier match with the same partner.
func again(s *machine.State) { s.Met = []machine.Met{{Match: "m0", User: "bob"}} }

func endedOf(pair string) machine.Standing {
	return machine.Standing{Ended: &machine.Ending{Pair: pair, Reason: protocol.EndBlocked}}
}

func drain(s *machine.State) { s.Draining = true; s.Since, s.Position = time.Time{}, 0 }
func doubt(s *machine.State) { s.Match.Doubt = true }

func onAnotherNode(s machine.State) machine.State {
	s.Self.Node = "n9"
	return s
}

func TestTransitions(t *testing.T) {
	for _, c := range transitions {
		t.Run(c.name, func(t *testing.T) {
			to, effects := machine.Step(c.from, c.event)
			if diff := cmp.Diff(c.to, to); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.effects, effects); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStepLeavesTheOldStateAlone(t *testing.T) {
	for _, c := range transitions {
		before := string(machine.AppendState(nil, c.from))
		machine.Step(c.from, c.event)
		if diff := cmp.Diff(before, string(machine.AppendState(nil, c.from))); diff != "" {
			t.Errorf("%s changed the state that it was given:\n%s", c.name, diff)
		}
	}
}
