package sfu_test

import (
	"bytes"
	"testing"
	"time"

	"passerby/bench/impair"
	"passerby/sfu"
	"passerby/sfu/link"
)

// site is one node with its people.
type site struct {
	*sfu.Server
	name   string
	events *recorder
}

func mustSite(t testing.TB, name string, silence time.Duration) site {
	t.Helper()
	s, events := mustListen(t, func(c *sfu.Config) {
		c.Link = link.Config{
			Listen: "127.0.0.1:0", Name: name, Secret: bytes.Repeat([]byte{1}, 32), Beat: 50 * time.Millisecond, Silence: silence,
		}
	})
	return site{s, name, events}
}

// mustJoinSites links two nodes; the way between them is bad as profile says.
func mustJoinSites(t testing.TB, profile *impair.Profile) (one, two site) {
	t.Helper()
	one, two = mustSite(t, "one", time.Minute), mustSite(t, "two", time.Minute) // a busy machine breaks no link
	to := two.LinkAddr().String()
	if profile != nil {
		proxy, err := impair.ListenUDP(impair.Config{Listen: "127.0.0.1:0", Target: to, Up: *profile, Down: *profile, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = proxy.Close() })
		to = proxy.Addr().String()
	}
	one.Nodes(map[string]string{"two": to})
	linked(t, one, two)
	return one, two
}

func linked(t testing.TB, sites ...site) {
	t.Helper()
	for _, s := range sites {
		eventually(t, s.name+" has a link", func() bool { return len(s.Links()) == 1 })
	}
}

// TestCallAcrossNodes: audio, video, requests and the rules of key frames, both ways.
func TestCallAcrossNodes(t *testing.T) {
	one, two := mustJoinSites(t, nil)
	a := mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	one.RouteRemote("a", "two", "b", key1)
	for _, way := range []struct {
		from, to     *client
		fromS, toS   site
		fromID, toID string
		tag          byte
	}{{a, b, one, two, "a", "b", 'a'}, {b, a, two, one, "b", "a", 'b'}} {
		way.from.awaitPLI() // with the news of the match
		way.fromS.KeyFrame(way.fromID)
		drain(way.from.plis)
		way.from.awaitPLI() // no key frame comes
		way.from.sendVideo(false, key1, 'x', 1)
		way.from.sendVideo(true, key1, way.tag, 3)
		for i := range 3 {
			p := way.to.next(true)
			if i == 0 && p.keyID() != key1 || p.tag() != way.tag && i == 2 {
				t.Fatalf("packet %d of the key frame: key id %x, tag %q", i, p.keyID(), p.tag())
			}
		}
		way.from.sendAudio(key1, way.tag)
		if p := way.to.next(false); p.tag() != way.tag || p.keyID() != key1 {
			t.Fatalf("audio: key id %x, tag %q", p.keyID(), p.tag())
		}
		way.toS.Shown(way.toID)
		drain(way.from.plis)
		select {
		case <-way.from.plis:
			t.Error("a key frame was asked for after the first was shown")
		case <-time.After(time.Second):
		}
	}
	for _, s := range []site{one, two} {
		if st := s.Stats(); st.Malformed != 0 || st.Routes != 1 {
			t.Errorf("%s: %+v", s.name, st)
		}
	}
}

// TestNextAcrossNodes: b's partner is here, there, and here again; the stream never breaks.
func TestNextAcrossNodes(t *testing.T) {
	one, two := mustJoinSites(t, nil)
	far1 := mustJoin(t, one.Server, one.events, "far1", clientOptions{})
	far2 := mustJoin(t, one.Server, one.events, "far2", clientOptions{})
	near := mustJoin(t, two.Server, two.events, "near", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	var last uint16
	for i, partner := range []*client{far1, near, far2, near, far1} {
		key := uint64(100 + i)
		if partner == near {
			two.Route("b", "near", key)
		} else {
			two.RouteRemote("b", "one", partner.id, key)
		}
		drain(partner.plis)
		partner.awaitPLI()
		partner.sendVideo(true, key, byte('0'+i), 2)
		first := b.next(true)
		if first.keyID() != key {
			t.Fatalf("round %d: key id %d, want %d", i, first.keyID(), key)
		}
		if i > 0 && first.SequenceNumber != last+1 {
			t.Fatalf("round %d: number %d after %d", i, first.SequenceNumber, last)
		}
		last = b.next(true).SequenceNumber
	}
	if n := one.Outlets(); n != 1 {
		t.Errorf("one feeds %d streams, want that of far1", n)
	}
	two.Route("b", "", 0)
	eventually(t, "one feeds nobody", func() bool { return one.Outlets() == 0 })
	if one.Seats() != 2 || two.Seats() != 2 {
		t.Errorf("one remembers %d ids, two %d", one.Seats(), two.Seats())
	}
}

// TestRepairAcrossNodes: what the link loses or brings late is asked for again between the nodes.
func TestRepairAcrossNodes(t *testing.T) {
	one, two := mustJoinSites(t, &impair.Profile{Delay: 5 * time.Millisecond, Loss: 0.05, Reorder: 0.05, Duplicate: 0.02})
	a := mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	a.awaitPLI()
	const frames = 300
	got := map[uint16]bool{}
	var first, n uint16
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(2 * patience)
	sent, seen := 0, 0
	for seen < frames {
		select {
		case <-tick.C:
			if sent < frames+20 { // what is lost last is found by what follows
				a.sendVideo(sent == 0 || n == 0, key1, 'v', 1)
				if n > 0 {
					sent++
				}
			}
		case p := <-b.packets[1]:
			if n == 0 {
				first = p.SequenceNumber
			}
			n++
			if got[p.SequenceNumber] {
				t.Fatalf("number %d twice", p.SequenceNumber)
			}
			got[p.SequenceNumber] = true
			seen = 0
			for got[first+uint16(seen)] {
				seen++
			}
		case <-deadline:
			t.Fatalf("%d frames without a gap, %d in all of %d", seen, n, sent)
		}
	}
}

// TestLinkBreaksAndComesBack: the call goes on with a key frame, and nothing of it is left behind at the end.
func TestLinkBreaksAndComesBack(t *testing.T) {
	one, two := mustSite(t, "one", 500*time.Millisecond), mustSite(t, "two", 500*time.Millisecond)
	proxy, err := impair.ListenUDP(impair.Config{Listen: "127.0.0.1:0", Target: two.LinkAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	one.Nodes(map[string]string{"two": proxy.Addr().String()})
	linked(t, one, two)
	a := mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	a.awaitPLI()
	a.sendVideo(true, key1, '1', 1)
	b.next(true)

	_ = proxy.Close()
	eventually(t, "both notice", func() bool { return len(one.Links()) == 0 && len(two.Links()) == 0 })
	a.sendVideo(true, key1, '2', 1)
	one.Nodes(map[string]string{"two": two.LinkAddr().String()})
	linked(t, one, two)
	drain(a.plis)
	a.awaitPLI()
	a.sendVideo(false, key1, '3', 1) // not before a key frame
	a.sendVideo(true, key1, '4', 1)
	if p := b.next(true); p.tag() != '4' {
		t.Errorf("got %q first, want the key frame", p.tag())
	}
	two.Remove("b")
	eventually(t, "one feeds nobody", func() bool { return one.Outlets() == 0 && two.Seats() == 0 })
}

// TestNodeThatNeverAnswers: a partner on a node without a link costs nothing but the picture.
func TestNodeThatNeverAnswers(t *testing.T) {
	one := mustSite(t, "one", time.Minute)
	mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, one.Server, one.events, "b", clientOptions{})
	a := mustJoin(t, one.Server, one.events, "a2", clientOptions{})
	one.RouteRemote("b", "nowhere", "x", key1)
	one.KeyFrame("x")
	one.Shown("b")
	one.Route("b", "a2", key1)
	a.awaitPLI()
	a.sendVideo(true, key1, 'a', 1)
	if p := b.next(true); p.tag() != 'a' {
		t.Errorf("got %q", p.tag())
	}
}
