package redis

import (
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

// wirePair writes a pair as the script does.
func wirePair(p match.Pair) string {
	side := func(s match.Side) string {
		return string(appendSide(nil, match.Ticket{Session: s.Session, User: s.User, Node: s.Node, Key: s.Key, Wish: match.Wish{Language: s.Language}}))
	}
	var b []byte
	for _, s := range append([]string{p.ID, string(p.Mode), "1900000000000", side(p.Initiator), side(p.Responder)}, p.Tags...) {
		b = appendField(b, s)
	}
	return string(b)
}

func TestHint(t *testing.T) {
	want := match.Event{Session: "s2", Kind: match.PairEnded, Pair: somePair(), Reason: match.EndLost}
	got, err := parseHint("2" + string(appendField(appendField(nil, "s2"), "lost")) + wirePair(somePair()))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

func FuzzHint(f *testing.F) {
	whole := "1" + string(appendField(appendField(nil, "s2"), "")) + wirePair(somePair())
	for i := 0; i <= len(whole); i += 7 {
		f.Add(whole[:i])
	}
	f.Add("299999999999:")
	f.Add("1-1:")
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := parseHint(s); err == nil && e.Kind != match.PairMade && e.Kind != match.PairEnded {
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
