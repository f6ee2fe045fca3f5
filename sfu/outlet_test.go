package sfu

import (
	"bytes"
	"testing"
	"time"

	"passerby/sfu/internal/stream"
	"passerby/sfu/link"
)

// farEnd is a node that hears nothing.
type farEnd struct{ up chan *link.Link }

func (f farEnd) Up(l *link.Link) link.Receiver {
	f.up <- l
	return f
}
func (farEnd) Frame(link.Frame) {}
func (farEnd) Down()            {}

// mustLink gives a link to a node that hears nothing.
func mustLink(tb testing.TB) *link.Link {
	tb.Helper()
	end := farEnd{make(chan *link.Link, 2)}
	open := func(name string) *link.Server {
		s, err := link.Listen(link.Config{Listen: "127.0.0.1:0", Name: name, Secret: bytes.Repeat([]byte{1}, 32), Handler: end})
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = s.Close() })
		return s
	}
	a, b := open("a"), open("b")
	a.Nodes(map[string]string{"b": b.Addr().String()})
	for {
		if l := <-end.up; l.Node() == "b" {
			return l
		}
	}
}

func TestFeedingAnotherNodeDoesNotAllocate(t *testing.T) {
	for kind, name := range kindNames {
		t.Run(name, func(t *testing.T) {
			from, _ := pair(t)
			l := mustLink(t)
			n := from.server.neighbour("b")
			now := time.Now()
			o := n.feed(from.seat, l, 1, now)
			o.until.Store(now.Add(time.Hour).UnixNano())
			b := rtpBytes(t, kind, 1000)
			seq := uint16(0)
			forward := func() {
				seq++
				b[2], b[3] = byte(seq>>8), byte(seq)
				now = now.Add(time.Millisecond)
				from.receiveRTP(b, now)
			}
			forward()
			if n := testing.AllocsPerRun(2000, forward); n != 0 {
				t.Errorf("%v allocations a packet", n)
			}
			if !from.seat.seen() || o.ssrc[kind] == 0 {
				t.Error("nothing was forwarded")
			}
		})
	}
}

func TestForwardingOfAnotherNodeDoesNotAllocate(t *testing.T) {
	for kind, name := range kindNames {
		t.Run(name, func(t *testing.T) {
			from, out := pair(t)
			s := from.server
			s.RouteRemote("to", "b", "far", 0)
			r := s.nodes["b"].remotes["far"]
			pkt, err := stream.Parse(rtpBytes(t, kind, 1000))
			if err != nil {
				t.Fatal(err)
			}
			f := link.Frame{Kind: mediaKind(kind, 0), Generation: 1, Stream: r.stream, Payload: pkt.Payload}
			now := time.Now()
			forward := func() {
				f.Seq++
				now = now.Add(time.Millisecond)
				session{r.n, nil}.Frame(f)
			}
			forward()
			before := out[kind].packets
			if n := testing.AllocsPerRun(2000, forward); n != 0 {
				t.Errorf("%v allocations a packet", n)
			}
			if got := out[kind].packets - before; got != 2001 {
				t.Errorf("%d of 2001 packets were forwarded", got)
			}
		})
	}
}

// TestLease: a node that asks no more is fed no more, whether or not it said so.
func TestLease(t *testing.T) {
	from, _ := pair(t)
	s, now := from.server, time.Now()
	n, l := s.neighbour("b"), mustLink(t)
	n.link.Store(l)
	open := func(stream uint32, now time.Time) {
		session{n, l}.open(link.Frame{Kind: link.Open, Stream: stream, Payload: []byte("from")}, now)
	}
	open(1, now)
	o := n.outlets[1]
	if o == nil || len(*from.seat.outlets.Load()) != 1 {
		t.Fatal("it was not opened")
	}
	from.receiveRTP(rtpBytes(t, audio, 10), now.Add(outletLease+time.Second))
	if o.ssrc[audio] != 0 {
		t.Error("a packet went to a node that asks no more")
	}
	open(1, now.Add(outletLease-time.Second)) // again: a longer lease
	from.receiveRTP(rtpBytes(t, audio, 10), now.Add(outletLease+time.Second))
	if o.ssrc[audio] == 0 {
		t.Error("a packet did not go to a node that asked again")
	}
	open(2, now.Add(3*outletLease))
	if n.outlets[1] != nil || n.outlets[2] == nil || len(*from.seat.outlets.Load()) != 1 {
		t.Error("what was not asked for again is still there")
	}
}

// TestAnchor: how old it is travels, not whose clock said so.
func TestAnchor(t *testing.T) {
	here, there := time.Now(), time.Now().Add(17*time.Hour)
	b := appendAnchor(nil, video, &stream.Anchor{At: here.Add(-250 * time.Millisecond), RTP: 90000}, here)
	kind, a, ok := parseAnchor(b, there)
	if !ok || kind != video || a.RTP != 90000 || there.Sub(a.At) != 250*time.Millisecond {
		t.Errorf("%v %+v %v", kind, a, ok)
	}
	for _, bad := range [][]byte{nil, b[:12], append([]byte{2}, b[1:]...), append([]byte{0, 0x7f}, b[2:]...)} {
		if _, _, ok := parseAnchor(bad, there); ok {
			t.Errorf("%x is an anchor", bad)
		}
	}
}

// FuzzNeighbour: another node may say anything; nothing panics, and another's packets still pass.
func FuzzNeighbour(f *testing.F) {
	for _, frame := range []link.Frame{
		{Kind: link.Open, Stream: 1, Payload: []byte("from")}, {Kind: link.AskPackets, Stream: 1, Payload: []byte{0, 1, 2}},
		{Kind: link.AskKeyFrame, Stream: 1}, {Kind: link.Close, Stream: 1}, {Kind: link.State, Stream: 1, Payload: []byte{1}},
		{Kind: link.Video, Stream: 1, Payload: []byte{0x90, 0xc0, 0x81, 0, 0, 0x10, 2, 0, 0x9d, 0x01, 0x2a}}, {Kind: link.Anchor, Stream: 1},
	} {
		f.Add(frame.Append(nil))
	}
	from, _ := pair(f)
	s := from.server
	s.RouteRemote("to", "b", "far", 0)
	n := s.nodes["b"]
	l := mustLink(f)
	n.link.Store(l)
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := link.ParseFrame(b)
		if err != nil {
			return
		}
		session{n, l}.Frame(frame)
		n.remotes["far"].tick(time.Now())
		if p := n.server.seats["from"]; p == nil || len(n.outlets) > maxOutlets {
			t.Error("the publisher is gone, or there are too many outlets")
		}
	})
}

// TestEveryCodecPassesTheLink: whatever a node sends of a picture reaches those who are fed here.
func TestEveryCodecPassesTheLink(t *testing.T) {
	from, _ := pair(t)
	s := from.server
	s.RouteRemote("to", "b", "far", 0)
	r := s.nodes["b"].remotes["far"]
	for i, kind := range videoKinds {
		session{r.n, nil}.Frame(link.Frame{Kind: kind, Generation: 1, Stream: r.stream, Seq: uint16(i), Payload: []byte{0x9c, 0, 0, 0, 0, 0, 0, 0}})
		if got := r.up[video].packets.Load(); got != uint64(i+1) {
			t.Errorf("kind %d did not arrive", kind)
			break
		}
	}
}
