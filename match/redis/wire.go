package redis

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"passerby/match"
)

// What nodes and script hand each other is a row of fields, each "length:bytes", so that any byte may be inside:
//
//	side: session, user, node, key, language
//	pair: id, mode, Unix milliseconds, side of the initiator, side of the responder, shared tags …
//	hint: '1' made or '2' over, then session, reason, and a pair's fields

var errWire = errors.New("the queue in Redis holds something that no node of this version has written")

func appendField(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	return append(b, s...)
}

// cutField splits the first field off.
func cutField(s string) (field, rest string, err error) {
	number, rest, ok := strings.Cut(s, ":")
	n, err := strconv.ParseUint(number, 10, 31)
	if !ok || err != nil || n > uint64(len(rest)) {
		return "", "", errWire
	}
	return rest[:n], rest[n:], nil
}

// cutFields splits off as many fields as there are targets.
func cutFields(s string, targets ...*string) (rest string, err error) {
	for _, t := range targets {
		if *t, s, err = cutField(s); err != nil {
			return "", err
		}
	}
	return s, nil
}

func appendSide(b []byte, t match.Ticket) []byte {
	for _, s := range []string{t.Session, t.User, t.Node, t.Key, t.Wish.Language} {
		b = appendField(b, s)
	}
	return b
}

func parseSide(s string) (side match.Side, err error) {
	rest, err := cutFields(s, &side.Session, &side.User, &side.Node, &side.Key, &side.Language)
	if err == nil && rest != "" {
		err = errWire
	}
	return side, err
}

func parsePair(s string) (match.Pair, error) {
	var p match.Pair
	var mode, at, initiator, responder string
	rest, err := cutFields(s, &p.ID, &mode, &at, &initiator, &responder)
	if err != nil {
		return match.Pair{}, err
	}
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return match.Pair{}, errWire
	}
	p.Mode, p.At = match.Mode(mode), time.UnixMilli(ms)
	if p.Initiator, err = parseSide(initiator); err != nil {
		return match.Pair{}, err
	}
	if p.Responder, err = parseSide(responder); err != nil {
		return match.Pair{}, err
	}
	for rest != "" {
		var tag string
		if tag, rest, err = cutField(rest); err != nil {
			return match.Pair{}, err
		}
		p.Tags = append(p.Tags, tag)
	}
	slices.Sort(p.Tags)
	return p, nil
}

func parseHint(s string) (match.Event, error) {
	e := match.Event{Kind: match.PairMade}
	switch {
	case strings.HasPrefix(s, "1"):
	case strings.HasPrefix(s, "2"):
		e.Kind = match.PairEnded
	default:
		return match.Event{}, errWire
	}
	var reason string
	rest, err := cutFields(s[1:], &e.Session, &reason)
	if err != nil {
		return match.Event{}, err
	}
	e.Reason = match.EndReason(reason)
	e.Pair, err = parsePair(rest)
	return e, err
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
