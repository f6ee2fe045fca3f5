package redis

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"

	"passerby/match"
)

func somePair() match.Pair {
	return match.Pair{
		ID: "id", Mode: match.Text, At: time.UnixMilli(1_900_000_000_000), Tags: []string{"a b", "jazz"},
		Initiator: match.Side{Session: "s:1", User: "u", Node: "", Key: "\x00\xff:5:", Language: "en"},
		Responder: match.Side{Session: "s2", User: "ü", Node: "n", Key: strings.Repeat("k", match.MaxKey)},
	}
}

// wireHint writes a hint as the script does.
func wireHint() string {
	side := func(s match.Side) string {
		return string(appendSide(nil, match.Ticket{Session: s.Session, User: s.User, Node: s.Node, Key: s.Key, Wish: match.Wish{Language: s.Language}}))
	}
	p := somePair()
	strs := []string{"s2", "lost", p.ID, string(p.Mode), side(p.Initiator), side(p.Responder), "\n" + strings.Join(p.Tags, "\n")}
	b := appendNumber([]byte("2"), p.At.UnixMilli())
	for i, s := range strs {
		if i >= 1 && i <= 3 {
			b = append(b, byte(len(s)))
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
		}
	}
	return string(b) + strings.Join(strs, "")
}

func TestHint(t *testing.T) {
	want := match.Event{Session: "s2", Kind: match.PairEnded, Pair: somePair(), Reason: match.EndLost}
	got, rest, err := parseHint(wireHint() + "more")
	if err != nil || rest != "more" || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %q, %v\nwant %+v", got, rest, err, want)
	}
}

func FuzzHint(f *testing.F) {
	whole := wireHint()
	for i := 0; i <= len(whole); i += 37 {
		f.Add(whole[:i])
	}
	f.Add(whole)
	f.Add("2\xff\xff")
	f.Fuzz(func(t *testing.T, s string) {
		e, rest, err := parseHint(s)
		if err == nil && (len(rest) >= len(s) || e.Kind != match.PairMade && e.Kind != match.PairEnded) {
			t.Errorf("%q was read as %+v", s, e)
		}
	})
}

func TestEstimate(t *testing.T) {
	for ms, want := range map[int64]time.Duration{0: 0, 1: time.Second, 1499: time.Second, 1500: 2 * time.Second, 600_000: 10 * time.Minute, 600_001: 0, -5: 0} {
		if got := estimate(ms); got != want {
			t.Errorf("%d ms: %v, want %v", ms, got, want)
		}
	}
}
