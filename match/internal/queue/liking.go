package queue

import (
	"math"
	"time"

	"passerby/match"
	"passerby/match/taste"
)

// worthless is the spread of what pairs are worth below which nobody is held for a better one: nothing is known yet, or
// there is nothing to know.
const worthless = 0.02

// Taste is what the queue has learnt of who talks long with whom; nil when it does not learn.
func (q *State) Taste() *taste.Model { return q.taste }

// choose takes the one whom s suits best, or nobody for now.
//
// Two who take anyone must meet once one of them has waited for Hold; until then a pair must be worth as much as is usual, the less
// the longer they wait. Somebody who holds out for a tag still meets without one only for as much, the less the longer
// he holds out. Nobody is taken who came by more than Hold later than the first who takes anyone.
func (q *State) choose(s *stay, many []found) *stay {
	var first, best found
	for _, f := range many {
		if s.open && f.stay.open && f.better(first) {
			first = f
		}
	}
	if first.stay != nil && q.taste.Explore() {
		return first.stay
	}
	last, worth := int64(math.MaxInt64), 0.0
	if first.stay != nil {
		last = first.place + q.cfg.Hold.Milliseconds()
	}
	for _, f := range many {
		if f.place > last {
			continue
		}
		w, need := q.worth(s, f.stay), q.need(s, f.stay)
		if w >= need && (best.stay == nil || w > worth || w == worth && f.better(best)) {
			best, worth = f, w
		}
	}
	if first.stay != nil && best.stay == nil && q.need(s, first.stay) < 0 {
		return first.stay
	}
	return best.stay
}

// need is what two must be worth to meet now; -Inf: they must meet, whatever it is.
func (q *State) need(a, b *stay) float64 {
	left := func(s *stay, of time.Duration) float64 { return 1 - float64(q.now-s.since)/float64(of.Milliseconds()) }
	if a.open && b.open {
		if part := min(left(a, q.cfg.Hold), left(b, q.cfg.Hold)); part > 0 && q.spread > worthless {
			return q.spread * part
		}
		return math.Inf(-1)
	}
	if q.spread <= worthless {
		return math.Inf(1)
	}
	part := 0.0
	for _, s := range [2]*stay{a, b} {
		if !s.open {
			part = max(part, left(s, q.cfg.Grace))
		}
	}
	return 2 * q.spread * part
}

func (q *State) worth(a, b *stay) float64 {
	w := q.taste.Worth(traits(a), traits(b), moment(q.now))
	q.spread += (math.Abs(w) - q.spread) / 1000
	return w
}

// traits are what the model may know of somebody, and nothing more.
func traits(s *stay) taste.Traits {
	t := s.ticket
	return taste.Traits{User: t.User, Pool: string(t.Wish.Mode) + " " + t.Pool, Tags: t.Wish.Tags, Language: t.Wish.Language}
}

// learn takes in how a talk went that is about to end. What one's network or a node ended says nothing, unless it was long already.
func (q *State) learn(c *couple, reason match.EndReason) {
	if q.taste == nil || !c.settled() {
		return
	}
	talked := time.Duration(q.now-c.pair.At.UnixMilli()) * time.Millisecond
	switch reason {
	case match.EndNext, match.EndLeft:
	case match.EndBlocked, match.EndModerated:
		talked = 0
	default:
		if !q.taste.Good(talked) {
			return
		}
	}
	q.taste.Learn(traits(c.sides[0]), traits(c.sides[1]), talked, moment(q.now))
}
