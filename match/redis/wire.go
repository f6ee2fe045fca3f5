package redis

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"passerby/match"
)

// What nodes and script hand each other. Numbers are big-endian; strings of a side have their length in front, in two bytes.
//
//	side: session, user, node, key, language
//	hint: '1' made or '2' over, milliseconds (a float of eight bytes), then the lengths and after them the strings: session, reason,
//	      id and mode of the pair, sides of initiator and responder, shared tags, each after a \n
//	      (lengths of sides, session and tags: two bytes, else one)

var errWire = errors.New("the queue in Redis holds something that no node of this version has written")

// cutter takes a message apart. After a fault it yields nothing any more.
type cutter struct {
	rest string
	err  error
}

func (c *cutter) take(n int) string {
	if n > len(c.rest) {
		c.rest, c.err = "", errWire
		return ""
	}
	s := c.rest[:n]
	c.rest = c.rest[n:]
	return s
}

func (c *cutter) number(size int) (n uint64) {
	s := c.take(size)
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n
}

func (c *cutter) string() string { return c.take(int(c.number(2))) }

func appendSide(b []byte, t match.Ticket) []byte {
	for _, s := range []string{t.Session, t.User, t.Node, t.Key, t.Wish.Language} {
		b = appendString(b, s)
	}
	return b
}

func parseSide(packed string) (match.Side, error) {
	c := cutter{rest: packed}
	s := match.Side{Session: c.string(), User: c.string(), Node: c.string(), Key: c.string(), Language: c.string()}
	if c.err != nil || c.rest != "" {
		return match.Side{}, errWire
	}
	return s, nil
}

func parsePair(id, mode string, ms int64, initiator, responder, tags string) (match.Pair, error) {
	a, errA := parseSide(initiator)
	b, errB := parseSide(responder)
	if errA != nil || errB != nil {
		return match.Pair{}, errWire
	}
	p := match.Pair{ID: id, Mode: match.Mode(mode), At: time.UnixMilli(ms), Initiator: a, Responder: b}
	if shared := strings.Split(tags, "\n")[1:]; len(shared) > 0 {
		slices.Sort(shared)
		p.Tags = shared
	}
	return p, nil
}

// parseHint takes the first hint of a message.
func parseHint(s string) (e match.Event, rest string, err error) {
	c := cutter{rest: s}
	switch c.take(1) {
	case "1":
		e.Kind = match.PairMade
	case "2":
		e.Kind = match.PairEnded
	default:
		return e, "", errWire
	}
	ms := int64(math.Float64frombits(c.number(8)))
	var strs [7]string
	var lengths [len(strs)]int
	for i, size := range [len(strs)]int{2, 1, 1, 1, 2, 2, 2} {
		lengths[i] = int(c.number(size))
	}
	for i, n := range lengths {
		strs[i] = c.take(n)
	}
	if c.err != nil {
		return e, "", c.err
	}
	e.Session, e.Reason = strs[0], match.EndReason(strs[1])
	e.Pair, err = parsePair(strs[2], strs[3], ms, strs[4], strs[5], strs[6])
	return e, c.rest, err
}

// parseStanding reads {"w", since, position, estimate}, {"p", id, mode, milliseconds, initiator, responder, tags}, {"a"} or
// {"a", pair, reason}.
func parseStanding(fields []any) (match.Standing, error) {
	text := func(i int) string {
		if i < len(fields) {
			s, _ := fields[i].(string)
			return s
		}
		return ""
	}
	number := func(i int) int64 {
		if i < len(fields) {
			n, _ := fields[i].(int64)
			return n
		}
		return 0
	}
	switch text(0) {
	case "w":
		return match.Standing{
			State: match.Waiting, Since: time.UnixMilli(number(1)), Position: int(number(2)), Estimate: estimate(number(3)),
		}, nil
	case "p":
		p, err := parsePair(text(1), text(2), number(3), text(4), text(5), text(6))
		return match.Standing{State: match.Paired, Pair: &p}, err
	case "a":
		if text(1) == "" {
			return match.Standing{}, nil
		}
		return match.Standing{Ended: &match.Ending{Pair: text(1), Reason: match.EndReason(text(2))}}, nil
	}
	return match.Standing{}, errWire
}

// estimate rounds to seconds, as exactly as it can be; 0 when it is unknown or over ten minutes.
func estimate(ms int64) time.Duration {
	d := time.Duration(ms) * time.Millisecond
	if d <= 0 || d > 10*time.Minute {
		return 0
	}
	return max(d.Round(time.Second), time.Second)
}
