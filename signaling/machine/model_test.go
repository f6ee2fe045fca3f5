package machine_test

import (
	"fmt"
	"maps"
	"slices"

	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

// model is the queue's truth.
type model struct {
	line    []machine.Ticket
	pairs   map[string]*machine.Pair   // by session
	endings map[string]*machine.Ending // by session, until it does something itself
	reasons map[string]protocol.EndReason
	seen    map[string]int // round of the last renewal
	round   int
	made    int
	members map[string][]string // who ever was in a pair
}

func (q *model) arrive(s *sim, t machine.Ticket) machine.Standing {
	q.leave(s, t.Session, protocol.EndNext)
	q.seen[t.Session] = q.round
	if t.Since.IsZero() {
		t.Since = s.now
	}
	if len(q.line) == 0 {
		q.line = append(q.line, t)
		return q.standing(t.Session)
	}
	first := q.line[0]
	q.line = slices.Delete(q.line, 0, 1)
	q.made++
	p := &machine.Pair{
		ID: fmt.Sprint("m", q.made), Mode: t.Wish.Mode, At: s.now,
		Initiator: machine.Side{Session: first.Session, User: first.User, Node: first.Node, Key: first.Key},
		Responder: machine.Side{Session: t.Session, User: t.User, Node: t.Node, Key: t.Key},
	}
	q.members[p.ID] = []string{first.Session, t.Session}
	for _, name := range q.members[p.ID] {
		q.pairs[name] = p
		s.hints = append(s.hints, post{to: name, event: machine.PairMade{Pair: *p}})
	}
	return q.standing(t.Session)
}

func (q *model) leave(s *sim, name string, reason protocol.EndReason) {
	q.line = slices.DeleteFunc(q.line, func(t machine.Ticket) bool { return t.Session == name })
	delete(q.endings, name)
	p := q.pairs[name]
	if p == nil {
		return
	}
	maps.DeleteFunc(q.pairs, func(_ string, other *machine.Pair) bool { return other == p })
	q.reasons[p.ID] = reason
	for _, member := range q.members[p.ID] {
		if member != name {
			q.endings[member] = &machine.Ending{Pair: p.ID, Reason: reason}
			s.hints = append(s.hints, post{to: member, event: machine.PairEnded{Pair: p.ID, Reason: reason}})
		}
	}
}

func (q *model) standing(name string) machine.Standing {
	if p := q.pairs[name]; p != nil {
		return machine.Standing{Place: machine.Paired, Pair: p}
	}
	for i, t := range q.line {
		if t.Session == name {
			return machine.Standing{Place: machine.InLine, Since: t.Since, Position: i + 1}
		}
	}
	return machine.Standing{Ended: q.endings[name]}
}
