package redis

import (
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"passerby/match"
)

// What nodes and script hand each other. Strings have their length in front, in two bytes, or in one where * stands:
//
//	side: session, user, node, key, language
//	pair: *id, *mode, milliseconds (a float of eight bytes), side of the initiator, side of the responder, shared tags, each after a \n
//	hint: '1' made or '2' over, session, reason, pair

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

func (c *cutter) short() string  { return c.take(int(c.number(1))) }
func (c *cutter) string() string { return c.take(int(c.number(2))) }

func appendSide(b []byte, t match.Ticket) []byte {
	for _, s := range []string{t.Session, t.User, t.Node, t.Key, t.Wish.Language} {
		b = appendString(b, s)
	}
	return b
}

func (c *cutter) side() match.Side {
	in := cutter{rest: c.string()}
	s := match.Side{Session: in.string(), User: in.string(), Node: in.string(), Key: in.string(), Language: in.string()}
	if in.err != nil || in.rest != "" {
		c.err = errWire
	}
	return s
}

func parsePair(s string) (match.Pair, error) {
	c := cutter{rest: s}
	p := match.Pair{ID: c.short(), Mode: match.Mode(c.short()), At: time.UnixMilli(int64(math.Float64frombits(c.number(8))))}
	p.Initiator, p.Responder = c.side(), c.side()
	if tags := strings.Split(c.string(), "\n")[1:]; len(tags) > 0 {
		slices.Sort(tags)
		p.Tags = tags
	}
	if c.err != nil || c.rest != "" {
		return match.Pair{}, errWire
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
	e.Session, e.Reason = c.string(), match.EndReason(c.string())
	e.Pair, err = parsePair(c.string())
	if c.err != nil {
		err = c.err
	}
	return e, c.rest, err
}

// parseStanding reads {"w", since, position, estimate}, {"p", pair}, {"a"} or {"a", pair, reason}.
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
		p, err := parsePair(text(1))
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
