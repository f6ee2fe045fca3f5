package signaling

import (
	"context"
	"crypto/sha256"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

const (
	mostJudged = 16 // texts of a session that the filter has at once; clients have no more under way
	mostKnown  = 64 // verdicts that are remembered of a match
)

// judging is what the filter makes of the texts of one match. A text that is sent again is not judged again.
//
//	forward → weigh ─ known? ──────────────▶ pass, or refuse
//	               └─ no: Filter, aside ─▶ judged ─┘
//
// The order of verdicts does not matter: the receiver orders texts by n.
type judging struct {
	match   string
	waiting map[uint64]sum // n of what the filter has
	known   map[uint64]judgement
}

type (
	sum       [sha256.Size]byte // of a body
	judgement struct {
		sum     sum
		verdict Verdict
	}
	// judged is what the filter made of a text; a letter.
	judged struct {
		text    *protocol.Text
		sum     sum
		verdict Verdict
	}
)

// weigh has a text judged, unless that is under way or done. What finds no room is dropped: its sender's client sends it again.
func (s *session) weigh(e machine.Forward) {
	j, text := &s.judging, e.Text
	if j.match != text.Match {
		*j = judging{match: text.Match, waiting: map[uint64]sum{}, known: map[uint64]judgement{}}
	}
	body := sha256.Sum256([]byte(text.Body))
	if known, ok := j.known[text.N]; ok && known.sum == body {
		s.sentence(text, known.verdict)
		return
	}
	if _, ok := j.waiting[text.N]; ok || len(j.waiting) >= mostJudged {
		return
	}
	content, err := text.Content()
	if err != nil {
		s.send(protocol.Errorf(protocol.BadRequest, "text.%v", err).Re(text.ID))
		return
	}
	if content.Kind == "gap" {
		s.pass(e)
		return
	}
	j.waiting[text.N] = body
	said := Said{Match: text.Match, User: s.self.User, Session: s.self.Session, N: text.N, Text: content.Text}
	s.aside(func(ctx context.Context) {
		verdict := s.hub.deps.Filter(ctx, said)
		s.deliver(s.hub.base, judged{text: text, sum: body, verdict: verdict})
	})
}

// judged takes the filter's answer. One that comes after its match is about nothing any more.
func (s *session) judged(l judged) {
	j := &s.judging
	if j.match != l.text.Match || s.state.Phase != machine.Matched || s.state.Match.ID != l.text.Match {
		return
	}
	delete(j.waiting, l.text.N)
	if l.verdict != Unchecked { // else it may be tried again
		if len(j.known) >= mostKnown {
			clear(j.known)
		}
		j.known[l.text.N] = judgement{l.sum, l.verdict}
	}
	s.sentence(l.text, l.verdict)
}

// sentence does what a verdict says.
func (s *session) sentence(text *protocol.Text, v Verdict) {
	switch v {
	case Passes:
		p := s.state.Match.Partner
		s.pass(machine.Forward{Node: p.Node, Session: p.Session, Text: text})
	case Unchecked:
		s.refuse(text, protocol.RefusedUnchecked)
	default:
		s.refuse(text, protocol.RefusedFilter)
	}
}

// refuse tells the sender that a text is not delivered.
func (s *session) refuse(text *protocol.Text, why protocol.RefusalReason) {
	s.hub.metrics.refused.WithLabelValues(string(why)).Inc()
	s.send(&protocol.Refused{Head: protocol.Re(text.ID), Match: text.Match, N: text.N, Reason: why})
}
