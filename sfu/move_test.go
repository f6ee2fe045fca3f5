package sfu_test

import (
	"testing"
	"time"
)

// TestSenderMoves: a sends by two nodes for a while. What comes by the first is seen until the key frame of the second is
// here, the stream never breaks, and the first is let go then.
func TestSenderMoves(t *testing.T) {
	one, two := mustJoinSites(t, nil)
	before := mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	before.awaitPLI()
	var last uint16
	sees := func(tag byte) {
		t.Helper()
		p := b.next(true)
		if p.tag() != tag || last != 0 && p.SequenceNumber != last+1 {
			t.Fatalf("tag %q, number %d after %d; want %q", p.tag(), p.SequenceNumber, last, tag)
		}
		last = p.SequenceNumber
	}
	hears := func(tag byte) {
		t.Helper()
		if p := b.next(false); p.tag() != tag {
			t.Fatalf("sound of %q, want %q", p.tag(), tag)
		}
	}
	before.sendVideo(true, key1, '1', 1)
	sees('1')
	before.sendAudio(key1, '1')
	hears('1')
	two.Shown("b")

	after := mustJoin(t, two.Server, two.events, "a", clientOptions{})
	two.Route("b", "a", key1)
	drain(after.plis)
	for range 3 { // again and again, until it comes
		after.awaitPLI()
	}
	before.sendVideo(false, key1, '1', 1)
	sees('1')
	after.sendVideo(false, key1, '2', 1) // none that anybody could begin with
	before.sendVideo(false, key1, '1', 1)
	sees('1')
	before.sendAudio(key1, '1')
	hears('1')
	after.sendAudio(key1, '2')
	hears('2')
	before.sendAudio(key1, '1')
	after.sendVideo(true, key1, '2', 1)
	sees('2')
	before.sendVideo(true, key1, '1', 1)
	after.sendVideo(false, key1, '2', 1)
	sees('2')
	after.sendAudio(key1, '3')
	hears('3')
	eventually(t, "the first node feeds nobody", func() bool { return one.Outlets() == 0 })
	drain(after.plis)
	select {
	case <-after.plis:
		t.Error("a key frame was asked for though the receiver goes on")
	case <-time.After(500 * time.Millisecond):
	}

	two.RouteRemote("b", "one", "a", key1) // and back, which he thinks better of
	before.awaitPLI()
	two.Route("b", "a", key1)
	after.sendVideo(false, key1, '2', 1)
	sees('2')
	two.RouteRemote("b", "one", "a", key1+1) // with other keys nothing of before passes
	after.sendVideo(true, key1, '2', 1)
	before.awaitPLI()
	before.sendVideo(true, key1+1, '4', 1)
	sees('4')
	two.Route("b", "", 0)
	eventually(t, "nobody is fed", func() bool { return one.Outlets() == 0 })
	if one.Seats() != 1 || two.Seats() != 2 {
		t.Errorf("one remembers %d ids, two %d", one.Seats(), two.Seats())
	}
}

// TestSenderMovesWhoShowsNothing: who has nothing to go on with is not waited for with another's picture.
func TestSenderMovesWhoShowsNothing(t *testing.T) {
	one, two := mustJoinSites(t, nil)
	mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	after := mustJoin(t, two.Server, two.events, "a", clientOptions{})
	two.Route("b", "a", key1)
	after.awaitPLI()
	after.sendVideo(true, key1, '2', 1)
	if p := b.next(true); p.tag() != '2' {
		t.Errorf("tag %q", p.tag())
	}
	eventually(t, "the first node feeds nobody", func() bool { return one.Outlets() == 0 })
}
