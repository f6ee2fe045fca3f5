package redis

import (
	"encoding/binary"
	"fmt"
	"time"

	"passerby/match"
)

// A flight is the calls of one node on their way to the node that leads.
type flight struct {
	term   string // in which it is valid
	node   string
	number int64 // within the node, growing
	calls  []call
}

// call is one call of match.Queue, or of Sweep.
type call struct {
	kind          byte
	number        int64        // arrive: it grows with each of the node
	ticket        match.Ticket // arrive
	session, word string       // the others: session (block: user), and reason, pair or user
}

const (
	arrive  = 'a'
	leave   = 'l'
	confirm = 'c'
	renew   = 'r'
	block   = 'b'
	stats   = 't'
	sweep   = 's'
)

// answer is what a call has brought.
type answer struct {
	standing match.Standing
	stats    match.Stats
	more     bool // sweep: something is left to do
	err      error
}

// outcome is how an answer tells its error.
const (
	fine = iota
	gone
	full
	more
)

func appendFlight(b []byte, term, node string, number int64, calls []*pending) []byte {
	b = appendString(b, term)
	b = appendString(b, node)
	b = appendNumber(b, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(calls)))
	for _, c := range calls {
		b = append(b, c.kind)
		if c.kind != arrive {
			b = appendString(b, c.session)
			b = appendString(b, c.word)
			continue
		}
		t := c.ticket
		b = appendNumber(b, c.number)
		b = append(b, modeNumber(t.Wish.Mode), flag(t.Wish.Widen))
		b = appendTime(b, t.Since)
		b = appendString(b, t.Session)
		b = appendNames(b, t)
	}
	return b
}

func parseFlight(s string) (flight, error) {
	c := cutter{rest: s}
	f := flight{term: c.string(), node: c.string(), number: c.number()}
	for n := c.uint(2); n > 0 && c.err == nil; n-- {
		next := call{kind: c.byte()}
		switch next.kind {
		case arrive:
			t := &next.ticket
			next.number, t.Wish.Mode, t.Wish.Widen, t.Since, t.Session = c.number(), c.mode(), c.flag(), c.time(), c.string()
			c.names(t)
		case leave, confirm, renew, block, stats, sweep:
			next.session, next.word = c.string(), c.string()
		default:
			c.fail()
		}
		f.calls = append(f.calls, next)
	}
	return f, c.end()
}

func appendReply(b []byte, number int64, calls []call, answers []answer) []byte {
	b = appendNumber(b, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(answers)))
	for i, a := range answers {
		b = append(b, a.outcome())
		switch calls[i].kind {
		case arrive, renew:
			b = appendStanding(b, a.standing)
		case stats:
			b = appendStats(b, a.stats)
		}
	}
	return b
}

// parseReply reads the answers to a flight's calls; their number comes first.
func parseReply(s string, calls []*pending) ([]answer, error) {
	c := cutter{rest: s}
	if c.number(); int(c.uint(2)) != len(calls) {
		return nil, errWire
	}
	answers := make([]answer, len(calls))
	for i := range answers {
		a := &answers[i]
		switch c.byte() {
		case gone:
			a.err = fmt.Errorf("confirm %s: %w", calls[i].word, match.ErrGone)
		case full:
			a.err = match.ErrFull
		case more:
			a.more = true
		}
		switch calls[i].kind {
		case arrive, renew:
			a.standing = c.standing()
		case stats:
			a.stats = c.stats()
		}
	}
	return answers, c.end()
}

func (a answer) outcome() byte {
	switch {
	case a.more:
		return more
	case a.err == nil:
		return fine
	case a.err == match.ErrFull:
		return full
	}
	return gone
}

func appendStanding(b []byte, s match.Standing) []byte {
	b = append(b, states[s.State])
	switch {
	case s.State == match.Waiting:
		b = appendTime(b, s.Since)
		b = appendNumber(b, int64(s.Position))
		b = appendNumber(b, s.Estimate.Milliseconds())
	case s.State == match.Paired:
		b = appendPair(b, *s.Pair)
	case s.Ended != nil:
		b = appendString(b, s.Ended.Pair)
		b = appendString(b, string(s.Ended.Reason))
	default:
		b = appendString(appendString(b, ""), "")
	}
	return b
}

func (c *cutter) standing() match.Standing {
	switch s := c.state(); {
	case s == match.Waiting:
		return match.Standing{State: s, Since: c.time(), Position: int(c.number()), Estimate: time.Duration(c.number()) * time.Millisecond}
	case s == match.Paired:
		p := c.pair()
		return match.Standing{State: s, Pair: &p}
	}
	if end := (match.Ending{Pair: c.string(), Reason: match.EndReason(c.string())}); end.Pair != "" {
		return match.Standing{Ended: &end}
	}
	return match.Standing{}
}

func appendStats(b []byte, s match.Stats) []byte {
	b = appendNumber(b, int64(s.Pairs))
	for _, m := range match.Modes {
		b = appendNumber(b, int64(s.Waiting[m]))
	}
	return b
}

func (c *cutter) stats() match.Stats {
	s := match.Stats{Pairs: int(c.number()), Waiting: make(map[match.Mode]int, len(match.Modes))}
	for _, m := range match.Modes {
		s.Waiting[m] = int(c.number())
	}
	return s
}
