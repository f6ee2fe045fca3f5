package redis

import (
	"encoding/binary"
	"errors"
	"time"

	"passerby/match"
)

// What nodes say to each other. A message is one frame or more: a letter, the length in four bytes, the rest.
//
//	'f' flight: term, node, number, how many calls (two bytes), calls
//	'r' reply:  number of the flight, how many answers (two bytes), answers
//	'h' hint:   kind, session, reason, pair
//
// Numbers and strings as in records.

var errWire = errors.New("the queue in Redis holds something that no node of this version has written")

const (
	flightFrame = 'f'
	replyFrame  = 'r'
	hintFrame   = 'h'
)

func appendFrame(b []byte, letter byte, body []byte) []byte {
	b = append(b, letter)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
}

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendNumber(b []byte, n int64) []byte { return binary.BigEndian.AppendUint64(b, uint64(n)) }

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// cutter takes a message apart. After a fault it yields nothing any more.
type cutter struct {
	rest string
	err  error
}

func (c *cutter) fail() { c.rest, c.err = "", errWire }

func (c *cutter) take(n int) string {
	if n > len(c.rest) {
		c.fail()
		return ""
	}
	s := c.rest[:n]
	c.rest = c.rest[n:]
	return s
}

func (c *cutter) uint(size int) (n uint64) {
	s := c.take(size)
	for i := range len(s) {
		n = n<<8 | uint64(s[i])
	}
	return n
}

func (c *cutter) byte() byte     { return byte(c.uint(1)) }
func (c *cutter) flag() bool     { return c.byte() != 0 }
func (c *cutter) number() int64  { return int64(c.uint(8)) }
func (c *cutter) string() string { return c.take(int(c.uint(2))) }

// time is a time in milliseconds; 0 stands for none.
func (c *cutter) time() time.Time {
	if ms := c.number(); ms != 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return appendNumber(b, 0)
	}
	return appendNumber(b, t.UnixMilli())
}

func (c *cutter) mode() match.Mode {
	n := int(c.byte())
	if n < 1 || n > len(match.Modes) {
		c.fail()
		return ""
	}
	return match.Modes[n-1]
}

// frame takes the next frame.
func (c *cutter) frame() (letter byte, body string) {
	letter = c.byte()
	return letter, c.take(int(c.uint(4)))
}

// end reports a fault, or that something is left over.
func (c *cutter) end() error {
	if c.rest != "" {
		c.fail()
	}
	return c.err
}

func appendPair(b []byte, p match.Pair) []byte {
	b = appendString(b, p.ID)
	b = append(b, modeNumber(p.Mode))
	b = appendTime(b, p.At)
	for _, side := range []match.Side{p.Initiator, p.Responder} {
		for _, s := range []string{side.Session, side.User, side.Node, side.Key, side.Language, side.Region, side.Name} {
			b = appendString(b, s)
		}
	}
	return appendTags(b, p.Tags)
}

func (c *cutter) pair() match.Pair {
	p := match.Pair{ID: c.string(), Mode: c.mode(), At: c.time()}
	for _, s := range []*match.Side{&p.Initiator, &p.Responder} {
		*s = match.Side{Session: c.string(), User: c.string(), Node: c.string(), Key: c.string(), Language: c.string(), Region: c.string(), Name: c.string()}
	}
	p.Tags = c.tags()
	return p
}

func appendHint(b []byte, e match.Event) []byte {
	b = append(b, byte(e.Kind))
	b = appendString(b, e.Session)
	b = appendString(b, string(e.Reason))
	return appendPair(b, e.Pair)
}

func parseHint(s string) (match.Event, error) {
	c := cutter{rest: s}
	e := match.Event{Kind: match.EventKind(c.byte()), Session: c.string(), Reason: match.EndReason(c.string()), Pair: c.pair()}
	if e.Kind != match.PairMade && e.Kind != match.PairEnded {
		c.fail()
	}
	return e, c.end()
}
