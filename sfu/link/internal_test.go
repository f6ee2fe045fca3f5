package link

import (
	"bytes"
	"crypto/rand"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// ends are the two ways of a link, without a network.
func ends(tb testing.TB) (seal, open *direction) {
	tb.Helper()
	key := make([]byte, keySize+saltSize)
	_, _ = rand.Read(key)
	seal, open = &direction{}, &direction{}
	for _, d := range []*direction{seal, open} {
		if err := d.init(key[:keySize], key[keySize:]); err != nil {
			tb.Fatal(err)
		}
	}
	return seal, open
}

func TestSeal(t *testing.T) {
	seal, open := ends(t)
	var datagrams [][]byte
	for i := range 3 {
		datagrams = append(datagrams, seal.seal(nil, []byte{byte(i), 1, 2}))
	}
	for _, i := range []int{2, 0, 1} { // reordered
		frame, ok := open.open(bytes.Clone(datagrams[i]))
		if !ok || !bytes.Equal(frame, []byte{byte(i), 1, 2}) {
			t.Errorf("frame %d: %v %v", i, frame, ok)
		}
		if _, ok := open.open(bytes.Clone(datagrams[i])); ok {
			t.Errorf("frame %d was taken twice", i)
		}
	}
	for at := range datagrams[0] {
		_, fresh := ends(t)
		fresh.aead, fresh.salt = open.aead, open.salt
		forged := bytes.Clone(datagrams[0])
		forged[at] ^= 0x40
		if _, ok := fresh.open(forged); ok {
			t.Errorf("a datagram with byte %d changed was taken", at)
		}
		if fresh.seen.highest != 0 {
			t.Errorf("a forged datagram (byte %d) moved the window", at)
		}
	}
}

func TestWindow(t *testing.T) {
	var w window
	for _, tt := range []struct {
		n    uint64
		want bool
	}{
		{0, false}, {1, true}, {1, false}, {5, true}, {3, true}, {3, false}, {4, true}, {windowSize + 4, true}, {6, true}, {4, false}, {5, false},
		{windowSize + 3, true}, {10 * windowSize, true}, {9*windowSize + 1, true}, {9 * windowSize, false}, {9*windowSize + 1, false}, {9*windowSize + 4, true},
	} {
		got := w.fresh(tt.n)
		if got != tt.want {
			t.Fatalf("number %d: fresh %v, want %v (highest %d)", tt.n, got, tt.want, w.highest)
		}
		if got {
			w.add(tt.n)
		}
	}
}

var frames = []Frame{
	{Kind: Video, Generation: 7, Marker: true, Seq: 65535, Stream: 1 << 31, Timestamp: 1 << 30, Payload: []byte("packet")},
	{Kind: Audio, Seq: 1, Stream: 2, Timestamp: 3, Payload: []byte{}},
	{Kind: Open, Stream: 4, Payload: []byte("session")},
	{Kind: Close, Stream: 5, Payload: []byte{}},
	{Kind: AskPackets, Stream: 6, Payload: []byte{0, 1, 0, 2}},
	{Kind: VideoAV1, Generation: 3, Marker: true, Seq: 9, Stream: 7, Timestamp: 1, Payload: []byte{0x18, 1}},
	{Kind: Limit, Stream: 7, Payload: []byte{0, 0, 0, 0, 0, 4, 0x93, 0xe0}},
	{Kind: ping, Payload: make([]byte, 8)},
}

func TestFrames(t *testing.T) {
	for _, want := range frames {
		got, err := ParseFrame(want.Append(nil))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	for _, b := range [][]byte{nil, {1, 0, 0, 0}, {2, 0, 0, 0, 1, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1}, {10, 0, 0, 0, 1}, {0x13, 0, 0, 0, 1}} {
		if f, err := ParseFrame(b); err == nil {
			t.Errorf("%v is the frame %+v", b, f)
		}
	}
}

// FuzzFrame: what parses is written the same again; nothing panics.
func FuzzFrame(f *testing.F) {
	for _, frame := range frames {
		f.Add(frame.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := ParseFrame(b)
		if err != nil {
			return
		}
		if again := frame.Append(nil); !bytes.Equal(again, b) {
			t.Errorf("%x became %x", b, again)
		}
	})
}

// FuzzDatagram: nothing that a stranger sends is taken, or panics.
func FuzzDatagram(f *testing.F) {
	seal, _ := ends(f)
	f.Add(seal.seal(nil, []byte("frame")))
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	_, open := ends(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if isRecord(b) {
			_, _ = plain(b), isClientHello(b)
			_, _, _, _ = parseHello(b)
			_, _ = cookieSent(b)
		}
		if frame, ok := open.open(b); ok {
			t.Errorf("taken: %x", frame)
		}
	})
}

// idle is a link on which nothing is sent or read.
func idle(tb testing.TB) (*Link, *direction) {
	tb.Helper()
	seal, open := ends(tb)
	s := &Server{cfg: Config{}.withDefaults()}
	s.log = s.cfg.Logger
	l := &Link{server: s, pipe: &pipe{}, wake: make(chan struct{}, 1), seal: *seal, open: *open, take: deaf{}}
	l.up.Store(true)
	return l, seal
}

type deaf struct{}

func (deaf) Frame(Frame) {}
func (deaf) Down()       {}

// TestFullQueue: nobody takes what is queued; Send goes on and drops.
func TestFullQueue(t *testing.T) {
	l, _ := idle(t)
	frame := make([]byte, 1000)
	sent := 0
	for l.Send(frame) {
		if sent++; sent > 1000 {
			t.Fatal("the queue has no end")
		}
	}
	if want := maxQueue / (len(frame) + overhead); sent != want || l.counts.full.Load() != 1 {
		t.Errorf("%d frames fit, want %d; %d counted", sent, want, l.counts.full.Load())
	}
}

// TestSendAfterEnd: what nobody will send any more is lost, and takes no memory.
func TestSendAfterEnd(t *testing.T) {
	l, _ := idle(t)
	l.done = make(chan struct{})
	close(l.done)
	if l.Send(make([]byte, 100)) || len(l.queue.data) > 0 {
		t.Errorf("%d bytes wait on a link that is over", len(l.queue.data))
	}
}

// endsEarly is a handler under whose hands a link ends.
type endsEarly struct{ downs int }

func (h *endsEarly) Up(l *Link) Receiver {
	close(l.done)
	l.tell()
	return h
}
func (h *endsEarly) Frame(Frame) {}
func (h *endsEarly) Down()       { h.downs++ }

// TestEndWhileItBegins: every Up has its Down, and a link that is over never comes up.
func TestEndWhileItBegins(t *testing.T) {
	l, _ := idle(t)
	s, h := l.server, &endsEarly{}
	s.cfg.Handler, s.links = h, map[string]*Link{}
	l.done = make(chan struct{})
	l.up.Store(false)
	if !s.raise(l) || h.downs != 1 {
		t.Errorf("%d down", h.downs)
	}
	clear(s.links)
	if s.raise(l) || len(s.links) != 0 {
		t.Error("a link that is over came up")
	}
}

func TestPacketsDoNotAllocate(t *testing.T) {
	l, _ := idle(t)
	frame := Frame{Kind: Video, Stream: 1, Payload: make([]byte, 1100)}.Append(nil)
	if n := testing.AllocsPerRun(1000, func() {
		if !l.Send(frame) {
			t.Fatal("not sent")
		}
		if len(l.queue.ends) > 100 {
			l.queue.reset()
		}
	}); n != 0 {
		t.Errorf("sending: %v allocations a packet", n)
	}
	buf := make([]byte, 0, 1500)
	now := time.Now()
	if n := testing.AllocsPerRun(1000, func() {
		buf = l.seal.seal(buf[:0], frame)
		l.receive(buf, now)
	}); n != 0 {
		t.Errorf("receiving: %v allocations a packet", n)
	}
	if got := l.counts.received.Load(); got != 1001 {
		t.Errorf("%d of 1001 packets were taken", got)
	}
}

// Forge lets a node take a datagram as if it came from an address.
func (s *Server) Forge(b []byte, from netip.AddrPort) { s.datagram(b, from, time.Now()) }
