package machine

import (
	"time"

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
		if t.current(m.Match) {
			t.do(Keyed{})
		}
	case *protocol.Shown:
		if t.current(m.Match) {
			t.do(Shown{})
		}
	case *protocol.Rekey:
		t.rekey(m)
	case *protocol.Report:
		t.report(m)
	case *protocol.Block:
		t.block(m)
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
	if t.Draining {
		t.refuse(m.ID, protocol.Draining, "the server is shutting down")
		return
	}
	t.Wished = true
	t.Wish = Wish{
		Mode: m.Mode, Tags: m.Tags, Language: m.Language,
		Gender: m.Gender, Seeking: m.Seeking, Widen: m.Widen,
	}
	t.Key = m.Key
	t.Since = time.Time{}
	t.search(m.ID)
}

func (t *step) next(m *protocol.Next) {
	switch {
	case t.Draining:
		t.refuse(m.ID, protocol.Draining, "the server is shutting down")
		return
	case !t.Wished:
		t.refuse(m.ID, protocol.WrongState, "next comes after find")
		return
	}
	if m.Key != "" {
		t.Key = m.Key
	}
	if m.Widen != nil {
		t.Wish.Widen = *m.Widen
	}
	t.search(m.ID) // while waiting, Since keeps the place
}

func (t *step) search(id string) {
	if t.Phase == Matched {
		t.over(protocol.EndNext, false)
	}
	t.Last.Untold = false // the client goes on: it knows, or need not
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

func (t *step) rekey(m *protocol.Rekey) {
	if !t.current(m.Match) {
		t.refuse(m.ID, protocol.NoMatch, "match: not the current one")
		return
	}
	t.Match.Key = m.Key
	t.changed()
	t.matched(m.ID, true)
	t.route()
}

// partner finds the user behind the current match or the one before it.
func (t *step) partner(match string) (user string, ok bool) {
	switch {
	case t.current(match):
		return t.Match.Partner.User, true
	case t.Last.ID == match && match != "":
		return t.Last.Partner, true
	}
	return "", false
}

func (t *step) report(m *protocol.Report) {
	user, ok := t.partner(m.Match)
	if !ok {
		t.refuse(m.ID, protocol.NoMatch, "match: neither the current nor the last one")
		return
	}
	t.do(Record{Partner: user, Report: m})
	t.part(m.Match, user, protocol.EndLeft, &protocol.Reported{Head: protocol.Re(m.ID), Match: m.Match})
}

func (t *step) block(m *protocol.Block) {
	user, ok := t.partner(m.Match)
	if !ok {
		t.refuse(m.ID, protocol.NoMatch, "match: neither the current nor the last one")
		return
	}
	t.part(m.Match, user, protocol.EndBlocked, &protocol.Blocked{Head: protocol.Re(m.ID), Match: m.Match})
}

// part keeps the two apart from now on and ends the match if it still runs; reason
// is what the partner hears.
func (t *step) part(match, user string, reason protocol.EndReason, answer protocol.Message) {
	running := t.current(match)
	if running {
		t.ended(protocol.EndBlocked)
	}
	t.do(Block{Other: user, Answer: answer})
	if running {
		t.do(Leave{reason})
	}
}
