package queue

import (
	"slices"

	"passerby/match"
)

// Bounds of one look at one ordered list.
const (
	enough  = 16   // usable people compared by the number of shared tags
	tooMany = 2048 // blocked and recent ones passed over on the way to them
)

// found is somebody whom a stay may be paired with.
type found struct {
	stay   *stay
	shared int
	place  int64 // as it counts for who looks
}

func (f found) better(o found) bool {
	if o.stay == nil || f.shared != o.shared {
		return o.stay == nil || f.shared > o.shared
	}
	if f.place != o.place {
		return f.place < o.place
	}
	return f.stay.before(o.stay)
}

// search finds the best partner for s now: the most shared tags, then the
// oldest, who is far counted as later. Recent partners come only when nobody else is there for either.
func (q *State) search(s *stay) *stay {
	p := q.pools[s.ticket.Wish.Mode]
	var best found
	var recent []found
	among := func(f found) {
		if f.better(best) {
			best = f
		}
	}
	look := func(limit int) func(*node) bool {
		return func(list *node) bool {
			usable, passed := 0, 0
			ascend(list, func(c *stay) bool {
				passed++
				if !q.mayMeet(s, c) {
					return passed < tooMany
				}
				f := found{c, countShared(s.ticket.Wish.Tags, c.ticket.Wish.Tags), match.Place(s.ticket, c.ticket, q.cfg.Overflow).UnixMilli()}
				if q.recents.met(s.ticket.User, c.ticket.User, q.now) {
					recent = append(recent, f)
					return passed < tooMany
				}
				among(f)
				usable++
				return usable < limit
			})
			return true
		}
	}
	for _, tag := range s.ticket.Wish.Tags {
		p.lists(s, tagged, tag, look(enough))
	}
	switch {
	case best.stay != nil:
	case q.taste != nil:
		var many []found
		among = func(f found) { many = append(many, f) }
		p.lists(s, openly, "", look(enough))
		p.lists(s, patient, "", look(enough))
		if chosen := q.choose(s, many); chosen != nil {
			return chosen
		}
	case s.open:
		p.lists(s, openly, "", look(1))
	}
	if best.stay != nil {
		return best.stay
	}
	return q.again(s, recent)
}

// again chooses among recent partners: the best who has waited long enough,
// as s has, while no stranger waits for either of them. Those refused are held.
func (q *State) again(s *stay, recent []found) *stay {
	if len(recent) == 0 {
		return nil
	}
	slices.SortFunc(recent, func(a, b found) int {
		switch {
		case a.stay == b.stay:
			return 0
		case a.better(b):
			return -1
		}
		return 1
	})
	q.hold(s)
	stranger := q.strangerFor(s)
	for _, f := range recent {
		if !stranger && match.Rematchable(s.ticket, f.stay.ticket, moment(q.now), q.cfg.Rematch) && !q.strangerFor(f.stay) {
			return f.stay
		}
		q.hold(f.stay)
	}
	return nil
}

// strangerFor reports whether somebody waits whom s could meet some day and
// has not met lately, even one who still holds out for a tag.
func (q *State) strangerFor(s *stay) bool {
	p := q.pools[s.ticket.Wish.Mode]
	stranger := false
	for _, sc := range [2]scope{openly, patient} {
		p.lists(s, sc, "", func(list *node) bool {
			passed := 0
			ascend(list, func(c *stay) bool {
				passed++
				stranger = q.mayMeet(s, c) && !q.recents.met(s.ticket.User, c.ticket.User, q.now)
				return !stranger && passed < tooMany
			})
			return !stranger
		})
		if stranger {
			return true
		}
	}
	return false
}

// mayMeet checks the hard limits once more by the rules themselves, and blocks.
func (q *State) mayMeet(a, b *stay) bool {
	return match.Compatible(a.ticket, b.ticket, moment(q.now), q.cfg.Patience()) &&
		!q.blocks.met(a.ticket.User, b.ticket.User, q.now)
}

func countShared(a, b []string) int {
	n := 0
	for _, tag := range a {
		if slices.Contains(b, tag) {
			n++
		}
	}
	return n
}
