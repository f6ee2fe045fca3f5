package machine

import (
	"slices"

	"passerby/signaling/protocol"
)

func (e Request) apply(t *step) {
	id := e.Message.Request()
	switch m := e.Message.(type) {
	case *protocol.Offer:
		t.do(Offer{ID: id, SDP: m.SDP})
	case *protocol.Candidate:
		t.do(Candidate{ID: id, Candidate: m.Candidate})
	case *protocol.Find:
		t.find(m)
	case *protocol.Next:
		t.next(m)
	case *protocol.Leave:
		t.leave(id)
	case *protocol.Text:
		t.text(m)
	case *protocol.Ack:
		t.ack(m)
	case *protocol.Signal:
		if t.current(m.Match) {
			t.peer(PeerMessage{Relay: &protocol.Signal{Match: m.Match, Data: m.Data}})
		}
	case *protocol.Keyed:
		t.keyed(m)
	case *protocol.Shown:
		if t.current(m.Match) {
			t.do(Shown{First: m.MS, Next: m.NextMS})
		}
	case *protocol.Rekey:
		t.rekey(m)
	case *protocol.Report:
		t.report(m)
	case *protocol.Block:
		t.block(m)
	case *protocol.Understood:
		t.do(Understood{m.Notice})
	case *protocol.Ping:
		t.send(&protocol.Pong{Head: protocol.Re(id)})
	default:
		t.refuse(id, protocol.WrongState, "%s is not expected now", e.Message.Type())
	}
}

// current says whether a message is about the match that the session is in.
// Messages about another are late and dropped.
func (t *step) current(match string) bool { return t.Phase == Matched && t.Match.ID == match }

func (t *step) find(m *protocol.Find) {
	t.Wished = true
	t.Wish = Wish{
		Mode: m.Mode, Tags: m.Tags, Language: m.Language,
		Gender: m.Gender, Seeking: m.Seeking, Widen: m.Widen,
	}
	t.Self.Said.over(&t.Wish)
	t.Key = m.Key
	t.search(m.ID, m.After)
}

func (t *step) next(m *protocol.Next) {
	if !t.Wished && !t.Draining {
		t.refuse(m.ID, protocol.WrongState, "next comes after find")
		return
	}
	if m.Key != "" {
		t.Key = m.Key
	}
	if m.Widen != nil {
		t.Wish.Widen = *m.Widen
	}
	t.search(m.ID, m.After)
}

// search ends the current match and looks for another; while waiting, Since keeps the
// place. A match that the client did not know of when it asked (after) is what it asked for.
func (t *step) search(id string, after *string) {
	matched := t.Phase == Matched
	if matched && after != nil && *after != t.Match.ID {
		t.matched(id, true)
		return
	}
	if matched {
		t.over(protocol.EndNext, false)
	}
	t.Last.Untold = false // the client goes on: it knows, or need not
	if t.Draining {
		if matched { // nobody is held in a match that he wants to leave
			t.do(Leave{protocol.EndNext})
		}
		t.refuse(id, protocol.Draining, "the server is restarting: try again in a moment")
		return
	}
	t.Phase = Waiting
	t.do(Arrive{ID: id, Ticket: t.ticket()})
}

func (t *step) leave(id string) {
	switch t.Phase {
	case Waiting:
		t.idle()
		t.do(Leave{protocol.EndLeft})
	case Matched:
		t.over(protocol.EndLeft, false)
		t.do(Leave{protocol.EndLeft})
	}
	t.Last.Untold = false
	t.send(&protocol.Left{Head: protocol.Re(id)})
}

func (t *step) text(m *protocol.Text) {
	if !t.current(m.Match) {
		return
	}
	t.Match.Sent = max(t.Match.Sent, m.N)
	t.do(Forward{Node: t.Match.Partner.Node, Session: t.Match.Partner.Session, Text: m})
}

func (t *step) ack(m *protocol.Ack) {
	if !t.current(m.Match) {
		return
	}
	t.Match.Acked = max(t.Match.Acked, m.N)
	t.peer(PeerMessage{Relay: &protocol.Ack{Match: m.Match, N: m.N}})
}

// MaxRekeys is how often one side may replace its key in a match. Each makes the partner send again what is under way;
// a page needs one after a reload, and one when the partner's browser lacks X25519.
const MaxRekeys = 20

func (t *step) rekey(m *protocol.Rekey) {
	if !t.current(m.Match) {
		t.refuse(m.ID, protocol.NoMatch, "match: not the current one")
		return
	}
	if t.Match.Rekeys >= MaxRekeys {
		t.refuse(m.ID, protocol.RateLimited, "rekey: this match has had %d", MaxRekeys)
		return
	}
	t.Match.Rekeys++
	t.Match.Key = m.Key
	t.changed()
	t.matched(m.ID, true)
	t.route()
}

// keyed passes on that the keys are installed and, the first time for a key id, what the client commits to.
func (t *step) keyed(m *protocol.Keyed) {
	if !t.current(m.Match) {
		return
	}
	if m.Commit != "" && m.KeyID == FormatKeyID(t.keyID()) && m.KeyID != t.Match.Own.KeyID {
		t.Match.Own = Commit{KeyID: m.KeyID, Hash: m.Commit}
		t.changed()
	}
	t.do(Keyed{})
}

// met finds who was met in the current match or in one that is over; without one it refuses.
func (t *step) met(id, match string) (Met, bool) {
	if t.current(match) {
		return t.meeting(), true
	}
	for _, m := range t.Met {
		if m.Match == match {
			return m, true
		}
	}
	t.refuse(id, protocol.NoMatch, "match: neither the current one nor one of the last %d", Remembered)
	return Met{}, false
}

func (t *step) report(m *protocol.Report) {
	about, ok := t.met(m.ID, m.Match)
	switch {
	case !ok:
	case about.Reported:
		t.part(about.User, protocol.EndLeft, &protocol.Reported{Head: protocol.Re(m.ID), Match: m.Match})
	default:
		t.do(Record{About: about, Report: m})
	}
}

func (e Recorded) apply(t *step) {
	if e.Err != nil {
		t.send(problem(e.Err, e.Report.ID))
		return
	}
	t.part(e.About.User, protocol.EndLeft, &protocol.Reported{Head: protocol.Re(e.Report.ID), Match: e.About.Match, Report: e.Number})
	t.Met = slices.Clone(t.Met) // the old state keeps its own
	for i := range t.Met {
		t.Met[i].Reported = t.Met[i].Reported || t.Met[i].Match == e.About.Match
	}
}

func (t *step) block(m *protocol.Block) {
	about, ok := t.met(m.ID, m.Match)
	if !ok {
		return
	}
	t.part(about.User, protocol.EndBlocked, &protocol.Blocked{Head: protocol.Re(m.ID), Match: m.Match})
}

// part keeps the two apart from now on and ends the match that they are in, also when it
// is a later one; reason is what the partner hears, so it goes before the block, which
// would end the pair with its own.
func (t *step) part(user string, reason protocol.EndReason, answer protocol.Message) {
	if t.Phase == Matched && t.Match.Partner.User == user {
		t.ended(protocol.EndBlocked)
		t.do(Leave{reason})
	}
	t.do(Block{Other: user, Answer: answer})
}
