package redis

import (
	"encoding/binary"
	"math"
	"slices"

	"passerby/match"
	"passerby/match/internal/class"
)

// Calls go to the script as one argument each: a letter and two strings with their lengths in front. An arrival is two
// arguments: 'a' with what the script reads of a ticket (lua/7_calls.lua), and the side that it hands on.

// maxName is the most bytes of a session's, a user's or a node's name.
const maxName = 1024

func packCall(letter byte, a, b string) []byte {
	out := make([]byte, 0, 9+len(a)+len(b))
	out = append(out, letter)
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(a))), a...)
	return append(binary.BigEndian.AppendUint32(out, uint32(len(b))), b...)
}

func appendShort(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }

func appendString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func appendNumber(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(b, math.Float64bits(float64(n)))
}

func packArrive(t match.Ticket, since, number int64) (ticket, side []byte) {
	w := t.Wish
	b := make([]byte, 0, 256)
	b = append(b, 'a')
	b = appendNumber(b, number)
	b = appendNumber(b, since)
	b = append(b, byte(1+slices.Index(match.Modes, w.Mode)), class.Of(w))
	b = appendFlag(b, w.Widen)
	b = appendShort(b, w.Language)
	tags := ""
	for _, tag := range w.Tags {
		tags += "#" + tag + "\n"
	}
	b = appendString(b, tags)
	b = appendString(b, t.Session)
	b = appendString(b, t.User)
	return b, appendSide(make([]byte, 0, 256), t)
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}
