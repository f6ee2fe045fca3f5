package redis

import (
	"slices"
	"strings"

	"passerby/match"
	"passerby/match/internal/queue"
)

// A record is kept in a hash by session. Numbers are big-endian, of eight bytes; strings have their length in front, in two bytes.
//
//	state ('w', 'p' or 'a'), then bytes: mode, open, wide, roam, widen, seat, confirmed
//	since, seq, lease, call, at
//	home, user, node, key, pool, region, language, gender, genders sought, tags (each with a \n behind), pair, other, reason

// Letters of the states.
var states = map[match.State]byte{match.Waiting: 'w', match.Paired: 'p', match.Absent: 'a'}

func packRecord(r *queue.Record) []byte {
	t := r.Ticket
	b := make([]byte, 0, 256+len(t.Key))
	b = append(b, states[r.State], modeNumber(t.Wish.Mode), flag(r.Open), flag(r.Wide), flag(r.Roam), flag(t.Wish.Widen), byte(r.Seat), flag(r.Confirmed))
	for _, n := range []int64{t.Since.UnixMilli(), int64(r.Seq), r.Lease, r.Call, r.At} {
		b = appendNumber(b, n)
	}
	b = appendString(b, r.Home)
	b = appendNames(b, t)
	for _, s := range []string{r.Pair, r.Other, string(r.Reason)} {
		b = appendString(b, s)
	}
	return b
}

func parseRecord(session, packed string) (r queue.Record, err error) {
	c := cutter{rest: packed}
	r.State = c.state()
	t := &r.Ticket
	t.Wish.Mode, r.Open, r.Wide, r.Roam, t.Wish.Widen, r.Seat, r.Confirmed = c.mode(), c.flag(), c.flag(), c.flag(), c.flag(), int(c.byte()), c.flag()
	t.Since, r.Seq, r.Lease, r.Call, r.At = c.time(), uint64(c.number()), c.number(), c.number(), c.number()
	r.Home = c.string()
	c.names(t)
	t.Session = session
	r.Pair, r.Other, r.Reason = c.string(), c.string(), match.EndReason(c.string())
	if r.Seat > 1 {
		c.fail()
	}
	return r, c.end()
}

func (c *cutter) state() match.State {
	letter := c.byte()
	for s, l := range states {
		if l == letter {
			return s
		}
	}
	c.fail()
	return match.Absent
}

// appendNames adds the strings of a ticket, but for its session.
func appendNames(b []byte, t match.Ticket) []byte {
	w := t.Wish
	seeking := make([]byte, 0, 3)
	for _, g := range w.Seeking {
		seeking = append(seeking, g...)
	}
	for _, s := range []string{t.User, t.Node, t.Key, t.Name, t.Pool, t.Region, w.Language, string(w.Gender), string(seeking)} {
		b = appendString(b, s)
	}
	return appendTags(b, w.Tags)
}

func (c *cutter) names(t *match.Ticket) {
	t.User, t.Node, t.Key, t.Name, t.Pool, t.Region, t.Wish.Language, t.Wish.Gender = c.string(), c.string(), c.string(), c.string(), c.string(), c.string(), c.string(), match.Gender(c.string())
	for _, g := range c.string() {
		t.Wish.Seeking = append(t.Wish.Seeking, match.Gender(g))
	}
	t.Wish.Tags = c.tags()
}

func appendTags(b []byte, tags []string) []byte {
	n := len(tags)
	for _, tag := range tags {
		n += len(tag)
	}
	b = append(b, byte(n>>8), byte(n))
	for _, tag := range tags {
		b = append(append(b, tag...), '\n')
	}
	return b
}

func (c *cutter) tags() []string {
	s := c.string()
	if s == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(s, "\n"), "\n")
}

func modeNumber(m match.Mode) byte { return byte(1 + slices.Index(match.Modes, m)) }

// A bond is kept in a set by its end: the user with his length in front, and the other.

func packBond(user, other string) string { return string(appendString(nil, user)) + other }

func parseBond(packed string) (user, other string, err error) {
	c := cutter{rest: packed}
	user = c.string()
	return user, c.rest, c.err
}
