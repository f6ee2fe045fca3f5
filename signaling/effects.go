package signaling

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// step takes one event into the machine and carries out what comes of it.
func (s *session) step(ev machine.Event) {
	before := s.state
	state, effects := machine.Step(s.state, ev)
	s.state = state
	s.hub.moved(before.Phase, state.Phase)
	s.turned(before.Match.ID, state.Match.ID)
	s.travel(&before, &state)
	if s.over || !s.keep() { // another node's now: what it does must not come from here
		return
	}
	s.talked(&before, &state, effects)
	for _, effect := range effects {
		if s.over {
			return
		}
		if outcome := s.carryOut(effect); outcome != nil {
			s.step(outcome)
		}
	}
}

// settle steps in what came up on the way.
func (s *session) settle() {
	for len(s.pending) > 0 {
		ev := s.pending[0]
		s.pending = s.pending[1:]
		s.step(ev)
	}
	s.pending = nil
}

// carryOut does one effect and answers its outcome, if it has one.
func (s *session) carryOut(effect machine.Effect) machine.Event {
	d := &s.hub.deps
	id := s.self.Session
	switch e := effect.(type) {
	case machine.Send:
		if _, ok := e.Message.(*protocol.Moved); ok {
			s.going = true
		}
		s.count(e.Message)
		s.send(e.Message)
	case machine.Deliver:
		s.relay(e.Message)
	case machine.Tell:
		s.tell(e.Node, e.Session, e.Message)
	case machine.Forward:
		s.forward(e)
	case machine.Understood:
		s.understood(e.Notice)
	case machine.Route:
		d.Media.Route(id, e.Node, e.From, e.KeyID)
	case machine.Keyed:
		d.Media.Keyed(id)
	case machine.Shown:
		s.arrived(e, d.Media.Shown(id))
	case machine.Remove:
		d.Media.Remove(id)
	case machine.Candidate:
		if err := d.Media.Candidate(id, e.Candidate); err != nil {
			s.send(protocol.Errorf(protocol.BadRequest, "candidate.candidate: not accepted").Re(e.ID))
		}
	case machine.Locate:
		return s.locate(e.Session)
	case machine.End:
		s.drop()
		s.log().Debug("session ended")
	default:
		return s.call(effect)
	}
	return nil
}

// call does an effect that may take its time and has an outcome.
func (s *session) call(effect machine.Effect) machine.Event {
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	d := &s.hub.deps
	id := s.self.Session
	switch e := effect.(type) {
	case machine.Arrive:
		standing, err := d.Queue.Arrive(ctx, e.Ticket)
		return machine.Arrived{ID: e.ID, Standing: standing, Err: s.failed("arrive", err)}
	case machine.Leave:
		s.failed("leave", d.Queue.Leave(ctx, id, e.Reason))
	case machine.Confirm:
		err := d.Queue.Confirm(ctx, id, e.Pair.ID)
		return machine.Confirmed{ID: e.ID, Pair: e.Pair, Err: s.failed("confirm", err)}
	case machine.Renew:
		standing, err := d.Queue.Renew(ctx, id)
		return machine.Renewed{ID: e.ID, Answer: e.Answer, Not: e.Not, Standing: standing, Err: s.failed("renew", err)}
	case machine.Record:
		number, err := s.record(ctx, e)
		return machine.Recorded{About: e.About, Report: e.Report, Number: number, Err: err}
	case machine.Block:
		return machine.Done{Answer: e.Answer, Err: s.failed("block", d.Queue.Block(ctx, s.self.User, e.Other))}
	case machine.Offer:
		s.path().offered = time.Now()
		sdp, err := d.Media.Offer(ctx, id, e.SDP)
		s.path().answered = time.Now()
		if err == nil {
			s.media.Store(true)
		}
		return machine.Answered{ID: e.ID, SDP: sdp, Err: s.failed("offer", err)}
	}
	return nil
}

// record has a report checked and written down.
func (s *session) record(ctx context.Context, e machine.Record) (number string, err error) {
	log := s.log().With("match", e.About.Match, "reason", string(e.Report.Reason), "partner", e.About.User)
	if s.hub.deps.Reports != nil {
		number, err = s.hub.deps.Reports.Report(ctx, Report{Reporter: s.self.User, Session: s.self.Session, About: e.About, Message: e.Report})
	}
	switch {
	case errors.Is(err, ErrEvidence):
		s.hub.metrics.forged.Inc()
		log.Warn("report refused", "error", err)
	case s.failed("report", err) == nil:
		s.hub.metrics.reports.WithLabelValues(string(e.Report.Reason)).Inc()
		log.Info("reported", "report", number)
	}
	return number, err
}

// failed logs an error that the operator can do something about.
func (s *session) failed(what string, err error) error {
	if err != nil && !isExpected(err) {
		s.hub.metrics.failures.WithLabelValues(what).Inc()
		s.log().Warn("call failed", "call", what, "error", err)
	}
	return err
}

// relay writes what the partner sent to whichever way is open; with none it is
// dropped, since the partner's client sends again.
func (s *session) relay(m protocol.Message) {
	data := protocol.Append(nil, m)
	switch {
	case s.hub.deps.Media.Send(s.self.Session, data) == nil:
		s.hub.metrics.relayed.WithLabelValues("channel").Inc()
	case s.conn != nil:
		s.hub.metrics.relayed.WithLabelValues("socket").Inc()
		s.sendRaw(data)
	default:
		s.hub.metrics.relayed.WithLabelValues("dropped").Inc()
	}
}

// tell sends to the partner's session. The bus may lose it: facts are told again,
// texts are sent again.
func (s *session) tell(node, session string, m machine.PeerMessage) {
	ctx, cancel := context.WithTimeout(s.hub.base, s.hub.cfg.CallTimeout)
	defer cancel()
	s.failed("bus", s.hub.deps.Bus.Send(ctx, node, session, machine.AppendPeer(nil, m)))
}

// forward stamps a text and sends it on, or has it judged first where texts are read.
func (s *session) forward(e machine.Forward) {
	switch {
	case e.Text.IsClear() != s.hub.cfg.ClearText:
		s.refuse(e.Text, protocol.RefusedForm)
	case s.hub.cfg.ClearText && s.hub.deps.Filter != nil:
		s.weigh(e)
	default:
		s.pass(e)
	}
}

// pass stamps a text and sends it on.
func (s *session) pass(e machine.Forward) {
	at := time.Now().UnixMilli()
	var tag string
	if s.hub.deps.Frank != nil {
		raw := s.hub.deps.Frank(e.Text.Match, s.self.Session, e.Text.N, at, e.Text.Commitment())
		tag = base64.RawURLEncoding.EncodeToString(raw)
	}
	s.tell(e.Node, e.Session, machine.PeerMessage{
		Match: e.Text.Match, From: s.self.Session,
		Relay: &protocol.PartnerText{Match: e.Text.Match, N: e.Text.N, Body: e.Text.Body, At: at, Tag: tag},
	})
}

// vicinity says how the regions of a match's two sides go together.
func (s *session) vicinity() string {
	own, theirs := s.hub.cfg.Region, s.state.Match.Partner.Region
	switch {
	case own == "" || theirs == "":
		return "none"
	case own == theirs:
		return "same"
	}
	return "other"
}

// count keeps the metrics that follow from what a client is told.
func (s *session) count(m protocol.Message) {
	switch m := m.(type) {
	case *protocol.Matched:
		if !m.Resumed && m.Initiator {
			s.hub.metrics.matches.WithLabelValues(string(m.Mode), s.vicinity()).Inc()
		}
	case *protocol.Ended:
		s.hub.metrics.ended.WithLabelValues(string(m.Reason)).Inc()
	case *protocol.Error:
		s.hub.metrics.errors.WithLabelValues(string(m.Code)).Inc()
	}
}
