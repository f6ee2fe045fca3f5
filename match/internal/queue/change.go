package queue

import (
	"crypto/rand"

	"passerby/match"
	"passerby/match/internal/class"
)

// The changes of state. Each leaves the queue whole.

// enroll puts a session in line at a place.
func (q *State) enroll(t match.Ticket, since, lease int64, home string, call int64) *stay {
	q.seq++
	t.Since = moment(since)
	s := &stay{ticket: t, since: since, seq: q.seq, lease: lease, state: match.Waiting, class: class.Of(t.Wish), home: home, call: call}
	now := moment(q.now)
	s.open = match.Relaxed(t, now, q.cfg.Grace)
	s.wide = t.Wish.Widen && q.graceOf(s) <= q.now
	s.roam = match.Roams(t, now, q.cfg.Overflow)
	q.place(s)
	q.note(s.ticket.Session)
	return s
}

func (q *State) graceOf(s *stay) int64 { return s.since + q.cfg.Grace.Milliseconds() }

// place puts a waiting stay where searches and time find it.
func (q *State) place(s *stay) {
	q.known(s)
	if !s.open || s.ticket.Wish.Widen && !s.wide {
		q.due.add(entry{at: q.graceOf(s), kind: graceEnds, seq: s.seq, stay: s})
	}
	if q.taste != nil { // nobody is held for longer
		q.due.add(entry{at: s.since + q.cfg.Hold.Milliseconds(), kind: tries, seq: s.seq, stay: s})
	}
	if !s.roam {
		q.due.add(entry{at: s.since + q.cfg.Overflow.Milliseconds(), kind: overflows, seq: s.seq, stay: s})
	}
	q.pools[s.ticket.Wish.Mode].enter(s)
}

// known puts a stay where calls and its lease find it.
func (q *State) known(s *stay) {
	q.sessions[s.ticket.Session] = s
	if s.state != match.Absent {
		q.users[s.ticket.User] = s
	}
	q.due.add(entry{at: s.lease, kind: leaseEnds, seq: s.seq, stay: s})
}

// join counts a new couple, and its time to confirm begins.
func (q *State) join(c *couple) {
	q.pairs++
	q.due.add(entry{at: c.pair.At.UnixMilli() + q.cfg.Confirm.Milliseconds(), kind: unconfirmed, seq: c.sides[0].seq, couple: c})
}

// try pairs a waiting stay with the best partner there is, and tells the
// partner; the stay itself is told unless its own call answers it.
func (q *State) try(s *stay, answered bool) {
	partner := q.search(s)
	if partner == nil {
		return
	}
	c := q.pair(s, partner)
	q.tell(partner, match.PairMade, c, "")
	if !answered {
		q.tell(s, match.PairMade, c, "")
	}
}

func (q *State) pair(initiator, responder *stay) *couple {
	c := newCouple(rand.Text(), q.now, initiator, responder)
	p := q.pools[c.pair.Mode]
	for _, s := range c.sides {
		p.leave(s)
		delete(q.held, s)
		s.held = false
		s.state, s.couple = match.Paired, c
		q.note(s.ticket.Session)
	}
	p.rate.add(q.now, 2)
	q.join(c)
	return c
}

func newCouple(id string, at int64, initiator, responder *stay) *couple {
	return &couple{sides: [2]*stay{initiator, responder}, pair: match.Pair{
		ID: id, Mode: initiator.ticket.Wish.Mode, At: moment(at), Initiator: side(initiator), Responder: side(responder),
		Tags: match.SharedTags(initiator.ticket.Wish.Tags, responder.ticket.Wish.Tags),
	}}
}

func side(s *stay) match.Side {
	t := s.ticket
	return match.Side{Session: t.Session, User: t.User, Node: t.Node, Key: t.Key, Language: t.Wish.Language, Region: t.Region, Name: t.Name}
}

// part ends a couple. Both are absent then, remember each other, and both but
// the session that did it are told and keep the ending for a lease.
func (q *State) part(c *couple, reason match.EndReason, by string) {
	a, b := c.sides[0].ticket.User, c.sides[1].ticket.User
	q.learn(c, reason)
	q.recents.add(a, b, q.now)
	q.recents.add(b, a, q.now)
	q.dissolve(c)
	for _, s := range c.sides {
		if s.ticket.Session == by {
			q.drop(s)
		} else {
			q.dismiss(s, c, reason)
		}
	}
}

// lapse ends a couple that was not confirmed in time: no partner to remember.
func (q *State) lapse(c *couple) {
	q.dissolve(c)
	for i, s := range c.sides {
		if !c.confirmed[i] {
			q.dismiss(s, c, match.EndLost)
		}
	}
	for i, s := range c.sides {
		if c.confirmed[i] {
			q.drop(s)
			again := q.enroll(s.ticket, s.since, s.lease, s.home, s.call)
			q.tell(again, match.PairEnded, c, match.EndLost)
			q.try(again, false)
		}
	}
}

func (q *State) dissolve(c *couple) {
	c.over = true
	q.pairs--
	for _, s := range c.sides {
		s.couple = nil
	}
}

// dismiss makes a stay absent and tells it why; it is remembered for one lease.
func (q *State) dismiss(s *stay, c *couple, reason match.EndReason) {
	s.state = match.Absent
	s.ended = &match.Ending{Pair: c.pair.ID, Reason: reason}
	s.lease = q.now + q.cfg.Lease.Milliseconds()
	delete(q.users, s.ticket.User)
	q.note(s.ticket.Session)
	q.tell(s, match.PairEnded, c, reason)
}

// drop takes a stay out of everything but a live couple.
func (q *State) drop(s *stay) {
	if s.state == match.Waiting {
		q.pools[s.ticket.Wish.Mode].leave(s)
	}
	s.state = match.Absent
	q.note(s.ticket.Session)
	delete(q.held, s)
	if q.sessions[s.ticket.Session] == s {
		delete(q.sessions, s.ticket.Session)
	}
	if q.users[s.ticket.User] == s {
		delete(q.users, s.ticket.User)
	}
}

func (q *State) hold(s *stay) {
	if !s.held {
		s.held = true
		q.held[s] = struct{}{}
	}
}

func (q *State) tell(s *stay, kind match.EventKind, c *couple, reason match.EndReason) {
	q.told(s.home, match.Event{Session: s.ticket.Session, Kind: kind, Pair: c.pair, Reason: reason})
}
