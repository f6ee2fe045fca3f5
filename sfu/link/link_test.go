package link_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"passerby/sfu/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

// node is one end of links, which notes what it hears.
type node struct {
	*link.Server
	name string

	mu     sync.Mutex // guards what follows
	links  map[string]*link.Link
	ups    int
	downs  int
	frames []string
	fresh  chan struct{}
}

// ear is a node's receiver of one link.
type ear struct {
	n *node
	l *link.Link
}

func (n *node) Up(l *link.Link) link.Receiver {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links[l.Node()] = l
	n.ups++
	return ear{n, l}
}

func (e ear) Frame(f link.Frame) {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	e.n.frames = append(e.n.frames, fmt.Sprintf("%d %d %s", f.Kind, f.Stream, f.Payload))
}

func (e ear) Down() {
	e.n.mu.Lock()
	defer e.n.mu.Unlock()
	e.n.downs++
	if e.n.links[e.l.Node()] == e.l {
		delete(e.n.links, e.l.Node())
	}
}

func (n *node) link(to string) *link.Link {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.links[to]
}

func read[T any](n *node, f func() T) T {
	n.mu.Lock()
	defer n.mu.Unlock()
	return f()
}

var secret = bytes.Repeat([]byte{7}, 32)

func start(t testing.TB, name string, change ...func(*link.Config)) *node {
	t.Helper()
	n := &node{name: name, links: map[string]*link.Link{}}
	cfg := link.Config{Listen: "127.0.0.1:0", Name: name, Secret: secret, Handler: n, Beat: 50 * time.Millisecond, Silence: 300 * time.Millisecond}
	for _, f := range change {
		f(&cfg)
	}
	s, err := link.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n.Server = s
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close %s: %v", name, err)
		}
	})
	return n
}

// introduce tells nodes of each other.
func introduce(nodes ...*node) {
	addrs := map[string]string{}
	for _, n := range nodes {
		addrs[n.name] = n.Addr().String()
	}
	for _, n := range nodes {
		n.Nodes(addrs)
	}
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick, deadline := time.NewTicker(2*time.Millisecond), time.After(patience)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: did not come about", what)
		}
	}
}

func (n *node) has(frame string) func() bool {
	return func() bool { return read(n, func() bool { return slices.Contains(n.frames, frame) }) }
}

func text(stream uint32, s string) []byte {
	return link.Frame{Kind: link.State, Stream: stream, Payload: []byte(s)}.Append(nil)
}

func linked(t testing.TB, nodes ...*node) {
	t.Helper()
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				until(t, a.name+" has a link to "+b.name, func() bool { return a.link(b.name) != nil })
			}
		}
	}
}

func TestFramesPass(t *testing.T) {
	nodes := []*node{start(t, "a"), start(t, "b"), start(t, "c")}
	introduce(nodes...)
	linked(t, nodes...)
	for _, from := range nodes {
		for _, to := range nodes {
			if from == to {
				continue
			}
			if !from.link(to.name).Send(text(7, from.name)) {
				t.Fatal("not sent")
			}
			until(t, "the frame", to.has(fmt.Sprintf("%d 7 %s", link.State, from.name)))
		}
	}
	until(t, "the round trip is measured", func() bool { return nodes[0].link("b").RTT() > 0 })
	for _, n := range nodes {
		if ups, downs := read(n, func() int { return n.ups }), read(n, func() int { return n.downs }); ups != 2 || downs != 0 {
			t.Errorf("%s: %d up, %d down", n.name, ups, downs)
		}
	}
}

func TestLongestFrame(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	introduce(a, b)
	linked(t, a, b)
	long := make([]byte, link.MaxFrame)
	_, _ = rand.Read(long)
	if a.link("b").Send(text(1, string(long[:link.MaxFrame-4]))) {
		t.Error("a frame that fits no packet was taken")
	}
	if !a.link("b").Send(text(1, string(long[:link.MaxFrame-5]))) {
		t.Fatal("the longest frame was refused")
	}
	until(t, "the longest frame", b.has(fmt.Sprintf("%d 1 %s", link.State, long[:link.MaxFrame-5])))
	if got := a.Stats()[0].Dropped; got != 1 {
		t.Errorf("%d dropped, want the one", got)
	}
}

// TestFitsTheSmallestMTU: neither a handshake nor a browser's packets, which have 1200 bytes at most, are longer than any IPv6 network
// must carry (RFC 8200 §5), so none is cut into pieces on its way, in a tunnel either.
func TestFitsTheSmallestMTU(t *testing.T) {
	const most = 1280 - 40 - 8
	a, b := start(t, "a"), start(t, "b")
	cut := newCut(t, b.Addr().String())
	a.Nodes(map[string]string{"b": cut.addr()})
	linked(t, a, b)
	payload := make([]byte, 1200-12) // without the header of RTP
	frame := link.Frame{Kind: link.Video, Stream: 1 << 31, Seq: 1, Timestamp: 1 << 31, Payload: payload}.Append(nil)
	a.link("b").Send(frame)
	until(t, "the packet", func() bool { return cut.most() > len(payload) })
	if n := cut.most(); n > most {
		t.Errorf("a datagram of %d bytes, want %d at most", n, most)
	}
}

// TestDeathIsNoticed: the other end stops without a word; and comes back, under the same address.
func TestDeathIsNoticed(t *testing.T) {
	a, b := start(t, "a"), start(t, "b", func(c *link.Config) { c.Beat, c.Silence = time.Hour, 2*time.Hour })
	cut := newCut(t, b.Addr().String())
	a.Nodes(map[string]string{"b": cut.addr()})
	linked(t, a, b)
	cut.set(true)
	began := time.Now()
	until(t, "a notices", func() bool { return a.link("b") == nil })
	if d := time.Since(began); d < 200*time.Millisecond {
		t.Errorf("noticed after %v: before the silence", d)
	}
	cut.set(false)
	linked(t, a, b)
	until(t, "b's old link is replaced", func() bool { return read(b, func() bool { return b.ups == 2 && b.downs == 1 }) })
	a.link("b").Send(text(3, "again"))
	until(t, "frames pass again", b.has(fmt.Sprintf("%d 3 again", link.State)))
}

// TestGoodbyeIsHeard: a node that closes is not waited for.
func TestGoodbyeIsHeard(t *testing.T) {
	a := start(t, "a", func(c *link.Config) { c.Silence = time.Hour })
	b := start(t, "b", func(c *link.Config) { c.Silence = time.Hour })
	introduce(a, b)
	linked(t, a, b)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "b hears of it", func() bool { return b.link("a") == nil })
}

func TestWrongSecret(t *testing.T) {
	a := start(t, "a")
	b := start(t, "b", func(c *link.Config) { c.Secret = bytes.Repeat([]byte{8}, 32) })
	c := start(t, "c")
	introduce(a, b, c)
	linked(t, a, c)
	if a.link("b") != nil || b.link("a") != nil || b.link("c") != nil {
		t.Error("a link with another secret")
	}
}

// TestAnotherName: a node that is not the one meant gets no link, though it knows the secret.
func TestAnotherName(t *testing.T) {
	a, b, c := start(t, "a"), start(t, "b"), start(t, "c")
	a.Nodes(map[string]string{"c": b.Addr().String(), "b": b.Addr().String()})
	linked(t, a, b)
	if a.link("c") != nil || c.link("a") != nil {
		t.Error("b passed for c")
	}
}

// TestGarbage: what strangers send to the port changes nothing.
func TestGarbage(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	introduce(a, b)
	linked(t, a, b)
	conn, err := net.Dial("udp", b.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	junk := make([]byte, 1400)
	for i := range 2000 {
		_, _ = rand.Read(junk)
		junk[0] = []byte{0x80, 22, 20, 21, 23, 0, 255}[i%7]
		if i%3 == 0 { // a ClientHello by its head
			copy(junk, []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 1})
		}
		_, _ = conn.Write(junk[:1+i%len(junk)])
	}
	a.link("b").Send(text(1, "still here"))
	until(t, "frames pass", b.has(fmt.Sprintf("%d 1 still here", link.State)))
	if read(b, func() int { return b.downs }) != 0 {
		t.Error("the link broke")
	}
}

// TestCrowdOfStrangers: handshakes that lead nowhere, as many as are let in, keep no node out.
func TestCrowdOfStrangers(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	hello := make([]byte, 200)
	copy(hello, []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 187, 1})
	for range 60 {
		conn, err := net.Dial("udp", b.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Write(hello); err != nil {
			t.Fatal(err)
		}
	}
	introduce(a, b)
	began := time.Now()
	linked(t, a, b)
	if d := time.Since(began); d > 4*time.Second {
		t.Errorf("it took %v: the strangers went first", d)
	}
}

// cut stands between two nodes and can stop all that passes, or note it.
type cut struct {
	t       testing.TB
	front   *net.UDPConn
	back    *net.UDPConn
	mu      sync.Mutex // guards what follows
	closed  bool
	kept    [][]byte // what passed to the back, sealed frames
	client  *net.UDPAddr
	work    sync.WaitGroup
	longest int // datagram, either way; guarded by mu
}

func (c *cut) most() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.longest
}

func newCut(t testing.TB, target string) *cut {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", target)
	if err != nil {
		t.Fatal(err)
	}
	c := &cut{t: t}
	if c.front, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
	if c.back, err = net.DialUDP("udp", nil, to); err != nil {
		t.Fatal(err)
	}
	c.work.Go(func() {
		b := make([]byte, 2000)
		for {
			n, from, err := c.front.ReadFromUDP(b)
			if err != nil {
				return
			}
			c.mu.Lock()
			c.client = from
			c.longest = max(c.longest, n)
			closed := c.closed
			if b[0] == 0x80 && len(c.kept) < 100 {
				c.kept = append(c.kept, bytes.Clone(b[:n]))
			}
			c.mu.Unlock()
			if !closed {
				_, _ = c.back.Write(b[:n])
			}
		}
	})
	c.work.Go(func() {
		b := make([]byte, 2000)
		for {
			n, err := c.back.Read(b)
			if err != nil {
				return
			}
			c.mu.Lock()
			closed, client := c.closed, c.client
			c.longest = max(c.longest, n)
			c.mu.Unlock()
			if !closed && client != nil {
				_, _ = c.front.WriteToUDP(b[:n], client)
			}
		}
	})
	t.Cleanup(func() {
		_ = c.front.Close()
		_ = c.back.Close()
		c.work.Wait()
	})
	return c
}

func (c *cut) addr() string { return c.front.LocalAddr().String() }

func (c *cut) set(closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = closed
}

// TestForgedFrames: frames sent again or changed, from the link's own address, are refused.
func TestForgedFrames(t *testing.T) {
	a, b := start(t, "a"), start(t, "b")
	c := newCut(t, b.Addr().String())
	a.Nodes(map[string]string{"b": c.addr()})
	linked(t, a, b)
	c.mu.Lock()
	c.kept = nil // the first may have come before b was ready
	c.mu.Unlock()
	a.link("b").Send(text(1, "once"))
	until(t, "the frame", b.has(fmt.Sprintf("%d 1 once", link.State)))
	c.mu.Lock()
	kept := slices.Clone(c.kept)
	c.mu.Unlock()
	for _, datagram := range kept {
		_, _ = c.back.Write(datagram)
		for _, at := range []int{1, 7, 8, len(datagram) - 1} {
			forged := bytes.Clone(datagram)
			forged[at] ^= 1
			_, _ = c.back.Write(forged)
		}
		_, _ = c.back.Write(datagram[:9])
	}
	until(t, "all are refused", func() bool { return b.Stats()[0].Refused >= uint64(6*len(kept)) })
	a.link("b").Send(text(1, "still here"))
	until(t, "frames pass", b.has(fmt.Sprintf("%d 1 still here", link.State)))
	if n := read(b, func() int { return len(b.frames) }); n != 2 {
		t.Errorf("%d frames came through: %q", n, b.frames)
	}
}

// TestMetrics: by node, while there is a link, and without a secret.
func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	a, b := start(t, "a", func(c *link.Config) { c.Registerer = reg }), start(t, "b")
	introduce(a, b)
	linked(t, a, b)
	a.link("b").Send(text(1, "x"))
	until(t, "the frame", b.has(fmt.Sprintf("%d 1 x", link.State)))
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	if got["passerby_link_up node=b"] != 1 || got["passerby_link_sent_packets_total node=b"] < 1 || len(got) != 11 {
		t.Errorf("%v", got)
	}
}

// BenchmarkLink sends frames and waits for them at the other end, up to 64 on their way. Its CPU is that of both ends, sockets
// included.
func BenchmarkLink(b *testing.B) {
	for _, size := range []int{100, 1100} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			came := make(chan struct{}, 64)
			from := start(b, "a")
			to := &counter{came: came, up: make(chan struct{})}
			s, err := link.Listen(link.Config{Listen: "127.0.0.1:0", Name: "b", Secret: secret, Handler: to})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			from.Nodes(map[string]string{"b": s.Addr().String()})
			until(b, "the link", func() bool { return from.link("b") != nil })
			<-to.up
			l := from.link("b")
			frame := link.Frame{Kind: link.Video, Stream: 1, Payload: make([]byte, size)}.Append(nil)
			for range cap(came) {
				came <- struct{}{}
			}
			b.ReportAllocs()
			began := cpu(b)
			lost := time.NewTicker(time.Second) // what the network lost is not waited for longer
			defer lost.Stop()
			for b.Loop() {
				select {
				case <-came:
				case <-lost.C:
				}
				l.Send(frame)
			}
			b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is what the process has used.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

type counter struct{ came, up chan struct{} }

func (c *counter) Up(*link.Link) link.Receiver {
	close(c.up)
	return c
}
func (c *counter) Down() {}
func (c *counter) Frame(link.Frame) {
	select {
	case c.came <- struct{}{}:
	default:
	}
}
