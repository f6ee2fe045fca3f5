package signaling_test

import (
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// working counts the goroutines of sessions and connections.
func working() int {
	buf := make([]byte, 8<<20)
	stacks := string(buf[:runtime.Stack(buf, true)])
	return strings.Count(stacks, "signaling.(*Hub).attend(") + strings.Count(stacks, "signaling.(*session).run(") +
		strings.Count(stacks, "signaling.(*outbox).run(")
}

// rest waits until nothing works.
func rest(t *testing.T) {
	t.Helper()
	until(t, "everybody rests", func() bool { return working() == 0 })
}

func TestIdleSessionsHaveNoGoroutine(t *testing.T) {
	onlyOnLinux(t)
	w := newWorld(t, 1, signaling.Config{Ping: 100 * time.Millisecond, Silence: time.Second, Heartbeat: 100 * time.Millisecond})
	n := w.nodes[0]
	var all []*client
	for i := range 20 {
		all = append(all, n.enter(t, fmt.Sprint("u", i)))
	}
	before := w.queue.renewals.Load()
	m, _ := meet(all[0], all[1])
	until(t, "heartbeats", func() bool { return w.queue.renewals.Load() > before+20 }) // of the match, and pings meanwhile
	rest(t)
	all[0].send(&protocol.Text{Match: m.Match, N: 1, Body: body("x")})
	expect[*protocol.PartnerText](all[1])
	for _, c := range all {
		c.quiet()
	}
	rest(t)
	if got := n.hub.Stats().Connections; got != 20 {
		t.Errorf("%d connections, want 20", got)
	}
}

func onlyOnLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("a goroutine waits for each connection on this system")
	}
}

// frameOf is a masked client frame, its key 0.
func frameOf(first byte, payload string) string {
	head := []byte{first, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(len(payload)))
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}

func (c *client) pour(bytes string) {
	c.t.Helper()
	if _, err := c.ws.NetConn().Write([]byte(bytes)); err != nil {
		c.t.Fatal(err)
	}
}

func TestFramesHoweverTheyArrive(t *testing.T) {
	// No pings: the client's library would answer them between two pieces.
	w := newWorld(t, 1, signaling.Config{MessagesPerSecond: 1e6, Burst: 1e6, Ping: time.Hour, Silence: 2 * time.Hour})
	ann := w.nodes[0].enter(t, "ann")
	pongs := make(chan string, 100)
	ann.ws.SetPongHandler(func(data string) error {
		pongs <- data
		return nil
	})
	ping := frameOf(0x81, `{"type":"ping","id":"1"}`)
	long := frameOf(0x81, `{"type":"ping","id":"1","x":"`+strings.Repeat("x", 9000)+`"}`)
	parts := frameOf(0x01, `{"type":`) + frameOf(0x89, "between") + frameOf(0x00, `"ping",`) + frameOf(0x80, `"id":"1"}`)
	for name, c := range map[string]struct {
		bytes      string
		pongs      int
		wsPongs    []string
		complaints int
	}{
		"one":                  {bytes: ping, pongs: 1},
		"many at once":         {bytes: strings.Repeat(ping, 50), pongs: 50},
		"long ones":            {bytes: strings.Repeat(long+ping, 3), pongs: 6},
		"only a ping":          {bytes: frameOf(0x89, "alone"), wsPongs: []string{"alone"}},
		"only a pong":          {bytes: frameOf(0x8a, "")},
		"fragments":            {bytes: parts + parts, pongs: 2, wsPongs: []string{"between", "between"}},
		"an empty binary one":  {bytes: frameOf(0x82, "") + ping + frameOf(0x82, ""), pongs: 1, complaints: 2},
		"a ping after a frame": {bytes: ping + frameOf(0x89, "after"), pongs: 1, wsPongs: []string{"after"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, cut := range []int{0, 1, 2, 7, 14, 27, 100, 4096} { // in two pieces, apart; 14 and 27 are between fragments
				if cut >= len(c.bytes) {
					continue
				}
				ann.pour(c.bytes[:cut])
				if cut > 0 {
					other := w.nodes[0].enter(t, "bob") // takes long enough for the first piece to be read
					_ = other.ws.Close()
				}
				ann.pour(c.bytes[cut:])
				got := map[string]int{}
				for range c.pongs + c.complaints {
					got[ann.next().Type()]++
				}
				if got["pong"] != c.pongs || got["error"] != c.complaints {
					t.Fatalf("cut at %d: got %v", cut, got)
				}
				for _, want := range c.wsPongs {
					select {
					case data := <-pongs:
						if data != want {
							t.Errorf("pong %q, want %q", data, want)
						}
					case <-time.After(patience):
						t.Fatalf("cut at %d: no pong %q", cut, want)
					}
				}
				ann.quiet()
			}
		})
	}
}

func TestHalfAFrameHoldsUpNobodyElse(t *testing.T) {
	onlyOnLinux(t)
	w := newWorld(t, 1, signaling.Config{Ping: 100 * time.Millisecond, Silence: 2 * time.Second})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	rest(t)
	var slow []*client
	for i := range 30 {
		c := n.connect(t, fmt.Sprint("slow", i))
		c.pour("\x81\xfe\x10") // a text frame, its length half said
		slow = append(slow, c)
	}
	until(t, "each is read", func() bool { return working() >= len(slow) })
	meet(ann, bob)
	for _, c := range slow {
		c.closed()
	}
	ann.quiet()
	until(t, "the slow ones are gone", func() bool { return n.hub.Stats().Connections == 2 })
	rest(t)
}

// Over TLS in this process what has come is not known to the system, and a goroutine waits.
func TestConnectionsThatCannotRest(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Ping: 50 * time.Millisecond, Silence: time.Second})
	n := w.nodes[0]
	n.server.Close()
	n.server = httptest.NewTLSServer(n.hub)
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	for i := range uint64(5) {
		ann.send(&protocol.Text{Match: m.Match, N: i + 1, Body: body(strings.Repeat("x", 3000))})
		expect[*protocol.PartnerText](bob)
	}
	silent := n.connect(t, "silent")
	silent.pour("x") // no TLS record
	silent.closed()
	n.mute(t, "dead")
	until(t, "the one that is never read is in", func() bool { return n.hub.Stats().Sessions == 3 })
	until(t, "and out", func() bool { return n.hub.Stats().Connections == 2 })
	ann.quiet()
	bob.quiet()
}
