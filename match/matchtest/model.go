package matchtest

import (
	"cmp"
	"slices"
	"time"

	"passerby/match"
)

// model is the queue as one would explain it: a list of people, the rules of
// the match package, no index. What takes an implementation care takes the model a loop.
type model struct {
	cfg     match.Config
	now     time.Time
	seq     int
	people  []*person
	recents []memory
	blocks  []memory
	hints   map[string][]hint
}

type person struct {
	match.Ticket // Since: the place
	seq          int
	state        match.State
	lease        time.Time
	relaxAt      time.Time // zero when nothing changes with time
	roamAt       time.Time // the same for regions
	couple       *couple
	ended        match.EndReason
}

type couple struct {
	sides     [2]*person // initiator, responder
	confirmed [2]bool
	deadline  time.Time
	tags      []string
	id        string // as the queue under test calls it
}

type memory struct {
	user, other string
	until       time.Time
}

// hint is an Event without the pair's name.
type hint struct {
	kind    match.EventKind
	partner string
	reason  match.EndReason
}

func newModel(cfg match.Config, now time.Time) *model {
	return &model{cfg: cfg, now: now, hints: make(map[string][]hint)}
}

func (m *model) find(session string) *person {
	for _, p := range m.people {
		if p.Session == session {
			return p
		}
	}
	return nil
}

func (m *model) remove(p *person) {
	p.state = match.Absent
	m.people = slices.DeleteFunc(m.people, func(x *person) bool { return x == p })
}

// The calls.

func (m *model) arrive(t match.Ticket) {
	if t.Since.IsZero() || t.Since.After(m.now) {
		t.Since = m.now
	}
	for _, old := range slices.Clone(m.people) {
		if old.Session != t.Session && old.User != t.User {
			continue
		}
		switch old.state {
		case match.Waiting:
			if old.Since.Before(t.Since) {
				t.Since = old.Since
			}
			m.remove(old)
		case match.Paired:
			if old.Session == t.Session {
				m.part(old.couple, match.EndNext, old)
			} else {
				m.part(old.couple, match.EndLeft, nil)
			}
		case match.Absent:
			if old.Session == t.Session {
				m.remove(old)
			}
		}
	}
	m.try(m.enroll(t, m.now.Add(m.cfg.Lease)), true)
}

func (m *model) leave(session string, reason match.EndReason) {
	p := m.find(session)
	if p == nil {
		return
	}
	if p.state == match.Paired {
		m.part(p.couple, reason, p)
	}
	m.remove(p)
}

func (m *model) confirm(session string) {
	p := m.find(session)
	for i, side := range p.couple.sides {
		if side == p {
			p.couple.confirmed[i] = true
		}
	}
}

func (m *model) renew(session string) {
	if p := m.find(session); p != nil && p.state != match.Absent {
		p.lease = m.now.Add(m.cfg.Lease)
	}
}

func (m *model) block(user, other string) {
	if user == other {
		return
	}
	m.blocks = remember(m.blocks, memory{user, other, m.now.Add(m.cfg.BlockFor)}, m.cfg.Blocks)
	for _, p := range slices.Clone(m.people) {
		if p.User == user && p.state == match.Paired && m.partner(p).User == other {
			m.part(p.couple, match.EndBlocked, nil)
		}
	}
}

// Time.

// nextDue is the first moment after now at which something happens by itself.
func (m *model) nextDue() (time.Time, bool) {
	var first time.Time
	see := func(t time.Time) {
		if t.After(m.now) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, p := range m.people {
		see(p.lease)
		if p.state == match.Waiting {
			see(p.relaxAt)
			see(p.roamAt)
		}
		if p.couple != nil && !(p.couple.confirmed[0] && p.couple.confirmed[1]) {
			see(p.couple.deadline)
		}
	}
	return first, !first.IsZero()
}

// sweep does what is due at this moment: leases, then unconfirmed pairs, then
// the ends of grace and of overflow, each in order of place; then everybody tries once more,
// which changes something only for recent partners.
func (m *model) sweep() {
	for _, p := range m.inOrder() {
		if p.lease.After(m.now) {
			continue
		}
		if p.state == match.Paired {
			m.part(p.couple, match.EndLost, nil)
		} else if slices.Contains(m.people, p) {
			m.remove(p)
		}
	}
	for _, p := range m.inOrder() {
		if c := p.couple; c != nil && !c.deadline.After(m.now) && !(c.confirmed[0] && c.confirmed[1]) {
			m.lapse(c)
		}
	}
	for _, p := range m.inOrder() {
		if p.state == match.Waiting && (p.relaxAt.Equal(m.now) || p.roamAt.Equal(m.now)) {
			m.try(p, false)
		}
	}
	for _, p := range m.inOrder() {
		if p.state == match.Waiting {
			m.try(p, false)
		}
	}
}

func (m *model) inOrder() []*person {
	out := slices.Clone(m.people)
	slices.SortFunc(out, func(a, b *person) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.seq, b.seq))
	})
	return out
}

// Changes.

func (m *model) enroll(t match.Ticket, lease time.Time) *person {
	m.seq++
	p := &person{Ticket: t, seq: m.seq, state: match.Waiting, lease: lease}
	if at := t.Since.Add(m.cfg.Grace); at.After(m.now) && (len(t.Wish.Tags) > 0 || t.Wish.Widen) {
		p.relaxAt = at
	}
	if at := t.Since.Add(m.cfg.Overflow); at.After(m.now) && t.Region != "" {
		p.roamAt = at
	}
	m.people = append(m.people, p)
	return p
}

func (m *model) try(p *person, answered bool) {
	other := m.best(p)
	if other == nil {
		return
	}
	c := &couple{sides: [2]*person{p, other}, deadline: m.now.Add(m.cfg.Confirm), tags: match.SharedTags(p.Wish.Tags, other.Wish.Tags)}
	for _, side := range c.sides {
		side.state, side.couple = match.Paired, c
	}
	m.tell(other, hint{match.PairMade, p.Session, ""})
	if !answered {
		m.tell(p, hint{match.PairMade, other.Session, ""})
	}
}

// best is the rule of the queue: whoever agrees, the most shared tags first,
// then the oldest, who is far counted as later; a recent partner only when both have waited and neither
// could have anybody else.
func (m *model) best(p *person) *person {
	type candidate struct {
		*person
		shared int
	}
	var list []candidate
	for _, c := range m.inOrder() {
		if c.state != match.Waiting || m.apart(m.blocks, p, c) {
			continue
		}
		if shared, ok := match.Agree(p.Ticket, c.Ticket, m.now, m.cfg.Patience()); ok {
			list = append(list, candidate{c, len(shared)})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		place := func(c candidate) time.Time { return match.Place(p.Ticket, c.Ticket, m.cfg.Overflow) }
		return cmp.Or(cmp.Compare(b.shared, a.shared), place(a).Compare(place(b)))
	})
	for _, c := range list {
		if !m.apart(m.recents, p, c.person) {
			return c.person
		}
	}
	for _, c := range list {
		if match.Rematchable(p.Ticket, c.Ticket, m.now, m.cfg.Rematch) && !m.strangerFor(p) && !m.strangerFor(c.person) {
			return c.person
		}
	}
	return nil
}

func (m *model) strangerFor(p *person) bool {
	return slices.ContainsFunc(m.people, func(c *person) bool {
		return c.state == match.Waiting && match.Compatible(p.Ticket, c.Ticket, m.now, m.cfg.Patience()) &&
			!m.apart(m.blocks, p, c) && !m.apart(m.recents, p, c)
	})
}

// part ends a couple; by, if anybody, is the one whose call it was.
func (m *model) part(c *couple, reason match.EndReason, by *person) {
	a, b := c.sides[0].User, c.sides[1].User
	m.recents = remember(m.recents, memory{a, b, m.now.Add(m.cfg.RecentFor)}, m.cfg.Recents)
	m.recents = remember(m.recents, memory{b, a, m.now.Add(m.cfg.RecentFor)}, m.cfg.Recents)
	for _, p := range c.sides {
		if p == by {
			p.couple = nil
			m.remove(p)
		} else {
			m.dismiss(p, reason)
		}
	}
}

func (m *model) lapse(c *couple) {
	var back *person
	for i, p := range c.sides {
		if c.confirmed[i] {
			back = p
		} else {
			m.dismiss(p, match.EndLost)
		}
	}
	if back != nil {
		m.tell(back, hint{match.PairEnded, m.partner(back).Session, match.EndLost})
		back.couple = nil
		m.remove(back)
		m.try(m.enroll(back.Ticket, back.lease), false)
	}
}

func (m *model) dismiss(p *person, reason match.EndReason) {
	m.tell(p, hint{match.PairEnded, m.partner(p).Session, reason})
	p.state, p.ended, p.lease = match.Absent, reason, m.now.Add(m.cfg.Lease)
	p.couple = nil
}

func (m *model) partner(p *person) *person {
	if p.couple.sides[0] == p {
		return p.couple.sides[1]
	}
	return p.couple.sides[0]
}

func (m *model) tell(p *person, h hint) {
	m.hints[p.Session] = append(m.hints[p.Session], h)
}

// Memory.

func (m *model) apart(list []memory, a, b *person) bool {
	return slices.ContainsFunc(list, func(x memory) bool {
		return x.until.After(m.now) && (x.user == a.User && x.other == b.User || x.user == b.User && x.other == a.User)
	})
}

// remember adds x as the newest, and drops the oldest of the user beyond most.
func remember(list []memory, x memory, most int) []memory {
	list = slices.DeleteFunc(list, func(y memory) bool { return y.user == x.user && y.other == x.other })
	n := 0
	for _, y := range list {
		if y.user == x.user {
			n++
		}
	}
	if n >= most {
		i := slices.IndexFunc(list, func(y memory) bool { return y.user == x.user })
		list = slices.Delete(list, i, i+1)
	}
	return append(list, x)
}
