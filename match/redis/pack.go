package redis

import (
	"encoding/binary"
	"math"

	"passerby/match"
	"passerby/match/internal/class"
)

// Calls go to the script as one argument each: a letter, then for an arrival a person as lua/1_state.lua keeps it,
// for others two strings with their lengths in front.

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

// packArrive packs a person. What only the script knows stays empty.
func packArrive(t match.Ticket, since, number int64) []byte {
	w, c := t.Wish, class.Of(t.Wish)
	b := make([]byte, 0, 512)
	b = append(b, 'a')
	b = appendString(b, t.Session)
	b = appendString(b, t.User)
	b = append(b, ' ') // state
	b = appendNumber(b, since)
	b = append(b, "                      "...) // place
	b = appendShort(b, string(w.Mode))
	b = append(b, c)
	b = binary.BigEndian.AppendUint32(b, class.Accepting[c])
	b = appendShort(b, w.Language)
	b = appendFlag(b, w.Widen)
	tags := ""
	for _, tag := range w.Tags {
		tags += "#" + tag + "\n"
	}
	b = appendString(b, tags)
	b = appendString(b, string(appendSide(nil, t)))
	b = appendShort(b, "") // home
	b = appendNumber(b, number)
	b = append(b, 0, 0)       // open, wide
	b = appendShort(b, "")    // pair
	b = append(b, 0)          // seat
	b = appendString(b, "")   // other
	return appendShort(b, "") // ended
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}
