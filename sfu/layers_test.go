package sfu

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

const ridHeader = 10

// simulcaster is a sender of three encodings.
type simulcaster struct {
	t       testing.TB
	peer    *peer
	seqs    [3]uint16
	times   [3]uint32
	frames  [3]uint16
	asked   [3]uint64 // requests for key frames that were answered
	begun   [3]bool
	sent    [3]int // packets
	clock   time.Time
	pending [][]byte
}

func newSimulcaster(t testing.TB, p *peer) *simulcaster {
	p.simulcast(&section{rids: []string{"l", "m", "h"}})
	types := *p.types.Load()
	types.rid = ridHeader
	p.types.Store(&types)
	s := &simulcaster{t: t, peer: p, clock: time.Now()}
	for layer := range s.seqs {
		s.seqs[layer], s.times[layer], s.frames[layer] = uint16(60_000+3*layer), uint32(layer)<<30, uint16(1000*layer)
	}
	return s
}

// frame is a picture of so many packets. Each ends with its layer, its number, which packet of it this is, and of how many.
func (s *simulcaster) frame(layer, packets int, key bool) (out [][]byte) {
	u := s.peer.layers.Load().up[layer]
	if asked := u.requests.Load(); asked > s.asked[layer] || !s.begun[layer] {
		s.asked[layer], s.begun[layer], key = asked, true, true
	}
	s.frames[layer]++
	for n := range packets {
		s.seqs[layer]++
		p := rtp.Packet{Header: rtp.Header{
			Version: 2, PayloadType: 96, SSRC: uint32(100 + layer), SequenceNumber: s.seqs[layer], Timestamp: s.times[layer], Marker: n == packets-1,
		}}
		if s.sent[layer]++; s.sent[layer] < 20 {
			if err := p.SetExtension(ridHeader, []byte("lmh")[layer:layer+1]); err != nil {
				s.t.Fatal(err)
			}
		}
		first, head := byte(0x80), byte(0x11)
		if n == 0 {
			first = 0x90
		}
		if key {
			head = 0x10
		}
		p.Payload = binary.BigEndian.AppendUint16([]byte{first, 0xc0}, s.frames[layer]|0x8000)
		p.Payload = append(p.Payload, byte(s.frames[layer]), head, 2, 0, 0x9d, 0x01, 0x2a)
		p.Payload = binary.LittleEndian.AppendUint16(p.Payload, 160<<layer)
		p.Payload = binary.LittleEndian.AppendUint16(p.Payload, 120<<layer)
		p.Payload = append(p.Payload, make([]byte, 100<<layer)...)
		p.Payload = append(p.Payload, byte(layer), byte(s.frames[layer]>>8), byte(s.frames[layer]), byte(n), byte(packets))
		b, err := p.Marshal()
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// pass lets time go by.
func (s *simulcaster) pass(d time.Duration) {
	s.clock = s.clock.Add(d)
	for layer := range s.times {
		s.times[layer] += uint32(d.Milliseconds() * 90)
	}
}

// tick is what the timers of both peers do.
func (s *simulcaster) tick(to *peer) {
	for _, u := range s.peer.layers.Load().up {
		u.tick(s.clock)
	}
	s.peer.layers.Load().take(s.peer.seat, s.clock)
	to.allot(s.clock)
	for d := range to.downlinks {
		d.tick(s.clock)
	}
}

// shownLayer is the encoding of the last packet that was sent.
func (w *keepWriter) shownLayer() int {
	p := w.packets[len(w.packets)-1].Payload
	return int(p[len(p)-5])
}

// TestLayersModel: whatever the estimate does, and whatever encodings come and go, a receiver gets one unbroken stream in which no
// frame has packets of two encodings, and another encoding begins with a key frame. When all is steady, he gets the one that he should.
func TestLayersModel(t *testing.T) {
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 1))
		from, d, w := receiver(t)
		s := newSimulcaster(t, from)
		alive := [3]bool{true, true, true}
		step := func(chance float64) {
			s.pass(33 * time.Millisecond)
			var queues [3][][]byte
			for layer := range queues {
				if alive[layer] {
					queues[layer] = s.frame(layer, 1+random.IntN(3), random.Float64() < chance)
				}
			}
			for len(queues[0])+len(queues[1])+len(queues[2]) > 0 { // as pacers do: mixed
				if q := &queues[random.IntN(3)]; len(*q) > 0 {
					s.peer.receiveRTP((*q)[0], s.clock)
					*q = (*q)[1:]
				}
			}
			s.tick(d.peer)
		}
		for range 600 {
			if random.IntN(20) == 0 {
				alive = [3]bool{random.IntN(2) == 0, random.IntN(2) == 0, random.IntN(2) == 0}
			}
			if random.IntN(10) == 0 {
				d.peer.outward.limit.Store(int64(random.IntN(3) * random.IntN(800_000)))
			}
			if random.IntN(30) == 0 {
				if err := from.server.View("to", 0, random.IntN(800)-50, 480); err != nil {
					t.Fatal(err)
				}
			}
			step(0.02)
		}
		unbroken(t, w.packets)
		alive = [3]bool{true, true, true}
		for _, steady := range []struct {
			limit int64
			width int
			want  int
		}{{0, 640, 2}, {90_000, 640, 0}, {0, 320, 1}, {0, 640, 2}} {
			d.peer.outward.limit.Store(steady.limit)
			if err := from.server.View("to", 0, steady.width, steady.width*3/4); err != nil {
				t.Fatal(err)
			}
			for range 100 {
				step(0)
			}
			if got := w.shownLayer(); got != steady.want {
				t.Fatalf("seed %d, %+v: layer %d; %+v", seed, steady, got, from.seat.shows())
			}
		}
		unbroken(t, w.packets)
	}
}

// unbroken checks what a receiver got.
func unbroken(t *testing.T, packets []rtp.Packet) {
	t.Helper()
	type tag struct{ layer, frame, n, of int }
	read := func(p rtp.Packet) (g tag, picture uint16, key, start bool) {
		b := p.Payload
		end := b[len(b)-5:]
		g = tag{int(end[0]), int(end[1])<<8 | int(end[2]), int(end[3]), int(end[4])}
		return g, binary.BigEndian.Uint16(b[2:]) & 0x7fff, b[5] == 0x10, b[0] == 0x90
	}
	for i := 1; i < len(packets); i++ {
		before, p := packets[i-1], packets[i]
		was, wasPicture, _, _ := read(before)
		is, picture, key, start := read(p)
		switch {
		case p.SequenceNumber != before.SequenceNumber+1:
			t.Fatalf("packet %d: number %d after %d", i, p.SequenceNumber, before.SequenceNumber)
		case !start && (is.layer != was.layer || is.frame != was.frame || is.n != was.n+1 || p.Timestamp != before.Timestamp || picture != wasPicture):
			t.Fatalf("packet %d: %+v of %d follows %+v of %d", i, is, p.Timestamp, was, before.Timestamp)
		case start && (int32(p.Timestamp-before.Timestamp) <= 0 || picture == wasPicture):
			t.Fatalf("packet %d: picture %d at %d follows picture %d at %d", i, picture, p.Timestamp, wasPicture, before.Timestamp)
		case start && is.layer != was.layer && !key:
			t.Fatalf("packet %d: %+v follows %+v without a key frame", i, is, was)
		case start && is.layer == was.layer && !key && (is.frame != was.frame+1 || was.n != was.of-1):
			t.Fatalf("packet %d: %+v follows %+v", i, is, was)
		}
	}
}

// TestTaken: what nobody gets is said after a while; whoever is alone keeps the smallest.
func TestTaken(t *testing.T) {
	from, d, _ := receiver(t)
	s := newSimulcaster(t, from)
	run := func() []string {
		for range 100 {
			s.pass(33 * time.Millisecond)
			for layer := range 3 {
				for _, b := range s.frame(layer, 1, false) {
					from.receiveRTP(b, s.clock)
				}
			}
			s.tick(d.peer)
		}
		return from.server.Taken("from")
	}
	for _, step := range []struct {
		what string
		do   func()
		want []string
	}{
		{"no limit", func() {}, []string{"h"}},
		{"a narrow way", func() { d.peer.outward.limit.Store(60_000) }, []string{"l"}},
		{"hidden", func() { d.peer.outward.limit.Store(0); _ = from.server.View("to", 0, 0, 0) }, []string{"l"}},
		{"small", func() { _ = from.server.View("to", 0, 320, 240) }, []string{"m"}},
		{"nobody", func() { from.server.Route("to", "", 0) }, []string{"l"}},
	} {
		step.do()
		if diff := cmp.Diff(step.want, run()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.what, diff)
		}
	}
	if got := from.server.Taken("to"); got != nil {
		t.Errorf("who sends no encodings: %v", got)
	}
}

// TestWeakestDoesNotLimitLayers: the sender of several encodings is not told what the weakest receiver can take, unless all get
// the smallest; the sender of one is.
func TestWeakestDoesNotLimitLayers(t *testing.T) {
	from, d, _ := receiver(t)
	s := newSimulcaster(t, from)
	d.peer.outward.limit.Store(90_000)
	for layer := range 1 {
		from.receiveRTP(s.frame(layer, 1, false)[0], s.clock)
	}
	if got := from.seat.limit(); got != 90_000 {
		t.Errorf("one encoding: limit %d", got)
	}
	for layer := range 3 {
		from.receiveRTP(s.frame(layer, 1, false)[0], s.clock)
	}
	if got := from.seat.limit(); got != 0 {
		t.Errorf("three encodings: limit %d", got)
	}
	s.pass(layerLinger)
	s.tick(d.peer) // chooses
	s.pass(layerLinger)
	s.tick(d.peer) // and tells
	s.pass(layerLinger)
	s.tick(d.peer)
	if got := from.seat.limit(); got != 90_000 {
		t.Errorf("all get the smallest: limit %d, %v", got, from.server.Taken("from"))
	}
}

func TestForwardingLayersDoesNotAllocate(t *testing.T) {
	from, d, w := receiver(t)
	s := newSimulcaster(t, from)
	count := &countWriter{}
	for range 30 { // the encodings are known by their SSRCs
		s.pass(33 * time.Millisecond)
		for layer := range 3 {
			from.receiveRTP(s.frame(layer, 1, false)[0], s.clock)
		}
		s.tick(d.peer)
	}
	if len(w.packets) == 0 {
		t.Fatal("nothing was forwarded")
	}
	d.writer = count
	var raw [3][]byte
	for layer := range raw {
		raw[layer] = s.frame(layer, 1, false)[0]
	}
	forward := func() {
		for layer, b := range raw {
			s.seqs[layer]++
			binary.BigEndian.PutUint16(b[2:], s.seqs[layer])
			from.receiveRTP(b, s.clock)
		}
		s.clock = s.clock.Add(time.Millisecond)
		d.peer.allot(s.clock)
	}
	if n := testing.AllocsPerRun(1000, forward); n != 0 {
		t.Errorf("%v allocations for three packets and a choice", n)
	}
	if count.packets != 1001 {
		t.Errorf("%d of 1001 packets of one encoding were forwarded", count.packets)
	}
}

// TestSimulcastOffer: encodings are taken where the browser sends, three at most, and answered as they are.
func TestSimulcastOffer(t *testing.T) {
	section := func(mid, direction, more string) string {
		return "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:" + print256 +
			"\r\na=setup:actpass\r\na=mid:" + mid + "\r\na=" + direction + "\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n" + more
	}
	headers := "a=extmap:10 " + streamRID + "\r\na=extmap:11 " + repairedRID + "\r\n"
	names := "a=rid:l send\r\na=rid:m send\r\na=rid:h send\r\na=rid:x send\r\n"
	for _, test := range []struct {
		name, direction, more string
		want                  []string
	}{
		{"three", "sendrecv", headers + names + "a=simulcast:send l;m;h\r\n", []string{"l", "m", "h"}},
		{"four", "sendonly", headers + names + "a=simulcast:send l;m;h;x\r\n", []string{"l", "m", "h"}},
		{"alternatives, one paused", "sendrecv", headers + names + "a=simulcast:send l,x;~h recv m\r\n", []string{"l", "h"}},
		{"one without a name", "sendrecv", headers + names + "a=simulcast:send l;y\r\n", []string{"l"}},
		{"none", "sendrecv", headers, nil},
		{"no header extension", "sendrecv", names + "a=simulcast:send l;m;h\r\n", nil},
		{"receives", "recvonly", headers + names + "a=simulcast:send l;m;h\r\n", nil},
		{"the other way", "sendrecv", headers + names + "a=simulcast:recv l;m;h\r\n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			raw := "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n" + section("0", test.direction, test.more) +
				section("1", "sendrecv", headers+names+"a=simulcast:send l;m;h\r\n") // only the first section sends
			in, err := parseOffer(raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, in.sections[0].rids); diff != "" || in.sections[1].rids != nil {
				t.Errorf("(-want +got):\n%s; second section %v", diff, in.sections[1].rids)
			}
			answer, err := in.answer(pionAnswer, sources{}, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			var desc sdp.SessionDescription
			if err := desc.UnmarshalString(answer); err != nil {
				t.Fatal(err)
			}
			said, has := desc.MediaDescriptions[0].Attribute("simulcast")
			if has != (test.want != nil) || has && said != "recv "+strings.Join(test.want, ";") {
				t.Errorf("answer: %q", said)
			}
			var rids []string
			for _, a := range desc.MediaDescriptions[0].Attributes {
				if rid, ok := strings.CutSuffix(a.Value, " recv"); ok && a.Key == "rid" {
					rids = append(rids, rid)
				}
			}
			if !slices.Equal(rids, test.want) || strings.Contains(answer, streamRID) != has {
				t.Errorf("answer:\n%s", answer)
			}
		})
	}
}
