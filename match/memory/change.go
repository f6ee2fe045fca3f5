package memory

import (
	"crypto/rand"

	"passerby/match"
	"passerby/match/internal/class"
)

// The changes of state. Each leaves the queue whole; all run under its lock.

// enroll puts a session in line at a place.
func (q *Queue) enroll(t match.Ticket, since, lease int64) *stay {
	q.seq++
	t.Since = moment(since)
	s := &stay{ticket: t, since: since, seq: q.seq, lease: lease, state: match.Waiting, class: class.Of(t.Wish)}
	now := moment(q.now)
	s.open = match.Relaxed(t, now, q.cfg.Grace)
	graceAt := since + q.cfg.Grace.Milliseconds()
	s.wide = t.Wish.Widen && graceAt <= q.now
	if graceAt > q.now && (!s.open || t.Wish.Widen) {
		q.due.add(entry{at: graceAt, kind: graceEnds, seq: s.seq, stay: s})
	}
	q.due.add(entry{at: lease, kind: leaseEnds, seq: s.seq, stay: s})
	q.sessions[t.Session] = s
	q.users[t.User] = s
	q.pools[t.Wish.Mode].enter(s)
	return s
}

// try pairs a waiting stay with the best partner there is, and tells the
// partner; the stay itself is told unless its own call answers it.
func (q *Queue) try(s *stay, answered bool) {
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

func (q *Queue) pair(initiator, responder *stay) *couple {
	c := &couple{sides: [2]*stay{initiator, responder}}
	c.pair = match.Pair{
		ID: rand.Text(), Mode: initiator.ticket.Wish.Mode, At: moment(q.now),
		Initiator: side(initiator), Responder: side(responder),
		Tags: match.SharedTags(initiator.ticket.Wish.Tags, responder.ticket.Wish.Tags),
	}
	p := q.pools[c.pair.Mode]
	for _, s := range c.sides {
		p.leave(s)
		delete(q.held, s)
		s.held = false
		s.state, s.couple = match.Paired, c
	}
	p.rate.add(q.now, 2)
	q.pairs++
	q.due.add(entry{at: q.now + q.cfg.Confirm.Milliseconds(), kind: unconfirmed, seq: initiator.seq, couple: c})
	return c
}

func side(s *stay) match.Side {
	t := s.ticket
	return match.Side{Session: t.Session, User: t.User, Node: t.Node, Key: t.Key, Language: t.Wish.Language}
}

// part ends a couple. Both are absent then, remember each other, and both but
// the session that did it are told and keep the ending for a lease.
func (q *Queue) part(c *couple, reason match.EndReason, by string) {
	a, b := c.sides[0].ticket.User, c.sides[1].ticket.User
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
func (q *Queue) lapse(c *couple) {
	q.dissolve(c)
	for i, s := range c.sides {
		if !c.confirmed[i] {
			q.dismiss(s, c, match.EndLost)
		}
	}
	for i, s := range c.sides {
		if c.confirmed[i] {
			q.drop(s)
			again := q.enroll(s.ticket, s.since, s.lease)
			q.tell(again, match.PairEnded, c, match.EndLost)
			q.try(again, false)
		}
	}
}

func (q *Queue) dissolve(c *couple) {
	c.over = true
	q.pairs--
	for _, s := range c.sides {
		s.couple = nil
	}
}

// dismiss makes a stay absent and tells it why; it is remembered for one lease.
func (q *Queue) dismiss(s *stay, c *couple, reason match.EndReason) {
	s.state = match.Absent
	s.ended = &match.Ending{Pair: c.pair.ID, Reason: reason}
	s.lease = q.now + q.cfg.Lease.Milliseconds()
	delete(q.users, s.ticket.User)
	q.tell(s, match.PairEnded, c, reason)
}

// drop takes a stay out of everything but a live couple.
func (q *Queue) drop(s *stay) {
	if s.state == match.Waiting {
		q.pools[s.ticket.Wish.Mode].leave(s)
	}
	s.state = match.Absent
	delete(q.held, s)
	if q.sessions[s.ticket.Session] == s {
		delete(q.sessions, s.ticket.Session)
	}
	if q.users[s.ticket.User] == s {
		delete(q.users, s.ticket.User)
	}
}

func (q *Queue) hold(s *stay) {
	if !s.held {
		s.held = true
		q.held[s] = struct{}{}
	}
}

func (q *Queue) tell(s *stay, kind match.EventKind, c *couple, reason match.EndReason) {
	q.hints.put(match.Event{Session: s.ticket.Session, Kind: kind, Pair: c.pair, Reason: reason})
}
