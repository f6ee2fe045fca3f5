package redis

import (
	"encoding/binary"

	"passerby/match"
	"passerby/match/internal/class"
)

// Calls go to the script in MessagePack, which it unpacks by cmsgpack: one argument each. Of the format we need
// arrays of up to 15 or 65,535 elements, strings of any length, and integers.

func appendArray(b []byte, n int) []byte {
	if n < 16 {
		return append(b, 0x90|byte(n))
	}
	return binary.BigEndian.AppendUint16(append(b, 0xdc), uint16(n)) // #nosec: a handful of elements
}

func appendString(b []byte, s string) []byte {
	if len(s) < 32 {
		b = append(b, 0xa0|byte(len(s)))
	} else {
		b = binary.BigEndian.AppendUint32(append(b, 0xdb), uint32(len(s)))
	}
	return append(b, s...)
}

func appendInt(b []byte, n int64) []byte {
	if n >= 0 && n < 128 {
		return append(b, byte(n))
	}
	return binary.BigEndian.AppendUint64(append(b, 0xd3), uint64(n))
}

func packStrings(strings ...string) []byte {
	b := appendArray(nil, len(strings))
	for _, s := range strings {
		b = appendString(b, s)
	}
	return b
}

// packArrive packs a person as lua/1_state.lua lists the fields. The empty ones are the script's.
func packArrive(t match.Ticket, since, number int64) []byte {
	w, c := t.Wish, class.Of(t.Wish)
	widen := int64(0)
	if w.Widen {
		widen = 1
	}
	b := make([]byte, 0, 512)
	b = appendString(appendArray(b, 2), "arrive")
	b = appendArray(b, 20)
	b = appendString(b, t.Session)
	b = appendString(b, t.User)
	b = appendString(b, "") // state
	b = appendInt(b, since)
	b = appendString(b, "") // place
	b = appendString(b, string(w.Mode))
	b = appendInt(b, int64(c))
	b = appendInt(b, int64(class.Accepting[c]))
	b = appendString(b, w.Language)
	b = appendInt(b, widen)
	b = appendArray(b, len(w.Tags))
	for _, tag := range w.Tags {
		b = appendString(b, "#"+tag)
	}
	b = appendString(b, string(appendSide(nil, t)))
	b = appendString(b, "") // home
	b = appendInt(b, number)
	b = appendInt(b, 0)     // open
	b = appendInt(b, 0)     // wide
	b = appendString(b, "") // pair
	b = appendInt(b, 0)     // seat
	b = appendString(b, "") // other
	return appendString(b, "")
}
