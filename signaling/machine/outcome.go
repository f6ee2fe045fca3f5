package machine

import (
	"errors"

	"passerby/signaling/protocol"
)

// problem turns an error of the outside into one for the client. What the outside
// says is not repeated, but for errors that are meant to be.
func problem(err error, id string) *protocol.Error {
	switch {
	case errors.Is(err, ErrWish):
		return protocol.Errorf(protocol.BadRequest, "%s", err.Error()).Re(id)
	case errors.Is(err, ErrEvidence):
		return protocol.Errorf(protocol.EvidenceInvalid, "%s", err.Error()).Re(id)
	case errors.Is(err, ErrSDP):
		return protocol.Errorf(protocol.SDPInvalid, "the session description was not accepted: try again, or use text chat").Re(id)
	}
	return protocol.Errorf(protocol.Internal, "the server failed to do this; try again").Re(id)
}

func (e Arrived) apply(t *step) {
	if t.Phase != Waiting {
		return
	}
	err := e.Err
	if err == nil && e.Standing.Place == Absent {
		err = errors.New("arrived and is absent")
	}
	if err != nil {
		t.idle()
		if errors.Is(err, ErrWish) {
			t.Wished = false
		}
		t.do(Leave{protocol.EndLeft}) // it may have arrived all the same, or still be in a pair
		t.send(problem(err, e.ID))
		return
	}
	t.Since = e.Standing.Since
	if e.Standing.Place == Paired {
		t.do(Confirm{ID: e.ID, Pair: *e.Standing.Pair})
		return
	}
	t.waiting(e.ID, e.Standing)
}

func (e Confirmed) apply(t *step) {
	if t.Phase != Waiting || !t.Attached {
		return
	}
	if e.Err != nil {
		t.do(Renew{ID: e.ID, Answer: e.ID != "", Not: e.Pair.ID})
		return
	}
	own, partner, initiator, ok := sides(e.Pair, t.Self.Session)
	if !ok {
		return
	}
	t.idle()
	t.Phase = Matched
	t.Last.Untold = false
	t.Match = Match{
		ID: e.Pair.ID, Mode: e.Pair.Mode, At: e.Pair.At, Initiator: initiator,
		Partner: partner, Tags: e.Pair.Tags, Key: own.Key,
	}
	t.matched(e.ID, false)
	t.route()
	if own.Node != t.Self.Node { // the session has moved since it joined the queue
		t.changed()
	}
}

// sides tells which side of a pair a session is.
func sides(p Pair, session string) (own, partner Side, initiator, ok bool) {
	switch session {
	case p.Initiator.Session:
		return p.Initiator, p.Responder, true, true
	case p.Responder.Session:
		return p.Responder, p.Initiator, false, true
	}
	return Side{}, Side{}, false, false
}

func (e Renewed) apply(t *step) {
	if e.Err != nil {
		switch {
		case e.Answer && e.ID == "" && t.Phase == Waiting: // a snapshot, and that much is known
			t.waiting("", Standing{})
		case e.Answer:
			t.send(problem(e.Err, e.ID))
		}
		return // the next heartbeat asks again
	}
	switch t.Phase {
	case Waiting:
		e.whileWaiting(t)
	case Matched:
		e.whileMatched(t)
	}
}

func (e Renewed) whileWaiting(t *step) {
	if !t.Attached {
		return
	}
	st := e.Standing
	switch {
	case st.Place == Absent, // the lease was lost
		st.Place == Paired && st.Pair.ID == t.Last.ID: // that match is left, and the node died before the queue heard so
		t.do(Arrive{ID: e.ID, Ticket: t.ticket()})
	case st.Place == Paired && st.Pair.ID != e.Not:
		t.do(Confirm{ID: e.ID, Pair: *st.Pair})
	case st.Place == InLine:
		t.Since = st.Since
		if e.Answer || st.Position != t.Position {
			t.waiting(e.ID, st)
		}
	case e.Answer: // the queue contradicts itself: the next heartbeat asks again
		t.waiting(e.ID, Standing{})
	}
}

func (e Renewed) whileMatched(t *step) {
	st := e.Standing
	if st.Place == Paired && st.Pair.ID == t.Match.ID {
		t.Match.Doubt = false
		return
	}
	if st.Place == Absent && st.Ended != nil && st.Ended.Pair == t.Match.ID {
		t.ended(st.Ended.Reason)
		return
	}
	if !t.Match.Doubt { // the hint with the true reason may be under way
		t.Match.Doubt = true
		return
	}
	t.ended(protocol.EndLost)
	if st.Place != Absent {
		t.do(Leave{protocol.EndLeft})
	}
}

func (e PairMade) apply(t *step) {
	if _, _, _, ok := sides(e.Pair, t.Self.Session); !ok || e.Pair.ID == t.Last.ID {
		return
	}
	switch {
	case t.Phase == Matched && e.Pair.ID == t.Match.ID:
	case t.Phase == Matched:
		t.do(Renew{})
	case t.Phase == Waiting && t.Attached:
		t.do(Confirm{Pair: e.Pair})
	default: // nobody here wants it
		t.do(Leave{protocol.EndLeft})
	}
}

func (e PairEnded) apply(t *step) {
	if t.Phase == Matched && e.Pair == t.Match.ID {
		t.ended(e.Reason)
	}
}

func (e Done) apply(t *step) {
	if e.Err != nil {
		t.send(problem(e.Err, e.Answer.Request()))
		return
	}
	t.send(e.Answer)
}

func (e Answered) apply(t *step) {
	switch {
	case errors.Is(e.Err, ErrSDP):
		t.send(problem(e.Err, e.ID))
	case e.Err != nil:
		t.refuse(e.ID, protocol.MediaFailed, "the media server did not answer; try again")
	default:
		t.send(&protocol.Answer{Head: protocol.Re(e.ID), SDP: e.SDP})
		if t.Phase == Matched { // the peer may be a new one that knows of no route
			t.route()
		}
	}
}
