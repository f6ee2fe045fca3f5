package redis

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"passerby/match"
	"passerby/match/internal/queue"
)

var someTime = time.UnixMilli(1_900_000_000_000)

func someTicket() match.Ticket {
	return match.Ticket{
		Session: "s:1", User: "ü", Node: "", Key: strings.Repeat("\x00", match.MaxKey), Pool: "minors", Region: "eu", Since: someTime,
		Wish: match.Wish{Mode: match.Text, Tags: []string{"a b", "jazz"}, Language: "en", Gender: match.Female, Seeking: []match.Gender{match.Female, match.Male}, Widen: true},
	}
}

func somePair() match.Pair {
	return match.Pair{
		ID: "id", Mode: match.Text, At: someTime, Tags: []string{"a b", "jazz"},
		Initiator: match.Side{Session: "s:1", User: "u", Node: "", Key: "\x00\xff:5:", Language: "en", Region: "eu"},
		Responder: match.Side{Session: "s2", User: "ü", Node: "n", Key: strings.Repeat("k", match.MaxKey)},
	}
}

func someRecords() []queue.Record {
	plain := match.Ticket{Session: "s:1", User: "u", Since: someTime, Wish: match.Wish{Mode: match.Video}}
	return []queue.Record{
		{Ticket: someTicket(), Seq: 7, State: match.Waiting, Open: true, Wide: true, Roam: true, Lease: 5, Home: "home", Call: 9},
		{Ticket: plain, Seq: 8, State: match.Paired, Pair: "id", At: 6, Other: "s2", Seat: 1, Confirmed: true},
		{Ticket: plain, State: match.Absent, Pair: "id", Reason: match.EndLost},
	}
}

func TestRecord(t *testing.T) {
	for _, want := range someRecords() {
		packed := string(packRecord(&want))
		got, err := parseRecord(want.Ticket.Session, packed)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
		for i := range len(packed) {
			if _, err := parseRecord("s", packed[:i]); err == nil {
				t.Fatalf("the first %d of %d bytes were taken for all", i, len(packed))
			}
		}
	}
	if user, other, err := parseBond(packBond("a\x00", "b")); err != nil || user != "a\x00" || other != "b" {
		t.Errorf("bond: %q, %q, %v", user, other, err)
	}
}

func someCalls() []*pending {
	var all []*pending
	for _, c := range []call{
		{kind: arrive, number: 3, ticket: someTicket()},
		{kind: arrive, number: 4, ticket: match.Ticket{Session: "s", User: "u", Wish: match.Wish{Mode: match.Video}}},
		{kind: leave, session: "s", word: "left"}, {kind: confirm, session: "s", word: "id"}, {kind: renew, session: "s"},
		{kind: renew, session: "s"}, {kind: renew, session: "s"}, {kind: block, session: "u", word: "v"}, {kind: stats}, {kind: sweep},
	} {
		all = append(all, &pending{call: c})
	}
	return all
}

func TestFlight(t *testing.T) {
	sent := someCalls()
	f, err := parseFlight(string(appendFlight(nil, "term", "node", 5, sent)))
	if err != nil || f.term != "term" || f.node != "node" || f.number != 5 {
		t.Fatalf("got %+v, %v", f, err)
	}
	for i, c := range sent {
		if !reflect.DeepEqual(f.calls[i], c.call) {
			t.Errorf("got %+v, want %+v", f.calls[i], c.call)
		}
	}
	pair := somePair()
	want := []answer{
		{standing: match.Standing{State: match.Waiting, Since: someTime, Position: 3, Estimate: 2 * time.Second}}, {err: match.ErrFull},
		{}, {err: match.ErrGone}, {standing: match.Standing{State: match.Paired, Pair: &pair}},
		{standing: match.Standing{Ended: &match.Ending{Pair: "id", Reason: match.EndNext}}}, {},
		{}, {stats: match.Stats{Pairs: 2, Waiting: map[match.Mode]int{match.Video: 1, match.Text: 0}}}, {more: true},
	}
	packed := string(appendReply(nil, 5, f.calls, want))
	got, err := parseReply(packed, sent)
	if err != nil {
		t.Fatal(err)
	}
	got[3].err = match.ErrGone // it names the pair
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := parseReply(packed, sent[1:]); err == nil {
		t.Error("a reply to fewer calls was accepted")
	}
}

func TestHint(t *testing.T) {
	want := match.Event{Session: "s2", Kind: match.PairEnded, Pair: somePair(), Reason: match.EndLost}
	got, err := parseHint(string(appendHint(nil, want)))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

// Whatever comes is read or refused; what is read is written the same again.
func FuzzWire(f *testing.F) {
	f.Add(string(appendHint(nil, match.Event{Session: "s2", Kind: match.PairEnded, Pair: somePair(), Reason: match.EndLost})))
	f.Add(string(appendFlight(nil, "term", "node", 5, someCalls())))
	for _, r := range someRecords() {
		f.Add(string(packRecord(&r)))
	}
	f.Add("\xff\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if e, err := parseHint(s); err == nil {
			if again, err := parseHint(string(appendHint(nil, e))); err != nil || !reflect.DeepEqual(again, e) {
				t.Errorf("%+v was read again as %+v, %v", e, again, err)
			}
		}
		if r, err := parseRecord("s", s); err == nil {
			if again, err := parseRecord("s", string(packRecord(&r))); err != nil || !reflect.DeepEqual(again, r) {
				t.Errorf("%+v was read again as %+v, %v", r, again, err)
			}
		}
		_, _ = parseFlight(s)
		_, _ = parseReply(s, someCalls())
	})
}

func TestEmptyReplyAndFrames(t *testing.T) {
	c := cutter{rest: string(appendFrame(appendFrame(nil, 'h', []byte("one")), 'r', nil))}
	for _, want := range []string{"h one", "r "} {
		if letter, body := c.frame(); string(letter)+" "+body != want || c.err != nil {
			t.Errorf("got %c %q, %v, want %q", letter, body, c.err, want)
		}
	}
	if c.frame(); c.err == nil {
		t.Error("a frame after the last")
	}
}
