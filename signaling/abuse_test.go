package signaling_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

func TestSlowReaderIsCutOffAlone(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{
		MessagesPerSecond: 1e6, Burst: 1e6, OutboxBytes: 128 << 10, WriteTimeout: 30 * time.Second,
	})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	slow := n.mute(t, "slow")
	ann.find(protocol.ModeText)
	expect[*protocol.Waiting](ann)
	slow.write(t, &protocol.Find{Mode: protocol.ModeText, Key: "p256:slow"})
	m := expect[*protocol.Matched](ann)
	cid, dan := n.enter(t, "cid"), n.enter(t, "dan")
	other, _ := meet(cid, dan)

	big := body(strings.Repeat("x", 5<<10))
	sent := uint64(0)
	for n.metric(t, "slow_consumers_total", "") == 0 {
		sent++
		if sent > 10_000 {
			t.Fatal("a reader that reads nothing was never cut off")
		}
		ann.send(&protocol.Text{Match: m.Match, N: sent, Body: big})
		cid.send(&protocol.Text{Match: other.Match, N: sent, Body: body("small")})
		if text := expect[*protocol.PartnerText](dan); text.N != sent {
			t.Fatalf("others get text %d, want %d", text.N, sent)
		}
	}
	if p := expect[*protocol.Partner](ann); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	until(t, "the slow connection is closed", func() bool { return n.hub.Stats().Connections == 3 })
	ann.quiet()
}

// muted is a connection that is never read.
type muted struct{ ws *websocket.Conn }

func (n *node) mute(t *testing.T, name string) muted {
	t.Helper()
	d := websocket.Dialer{
		Subprotocols: []string{protocol.Subprotocol}, TLSClientConfig: n.tls(),
		NetDial: func(network, addr string) (net.Conn, error) {
			c, err := net.Dial(network, addr)
			if err == nil {
				_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
			}
			return c, err
		},
	}
	ws, resp, err := d.DialContext(t.Context(), n.url(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = ws.Close() })
	m := muted{ws}
	m.write(t, &protocol.Hello{Token: "user-" + name + "/s-" + name})
	return m
}

func (m muted) write(t *testing.T, msg protocol.Message) {
	t.Helper()
	if err := m.ws.WriteMessage(websocket.TextMessage, protocol.Append(nil, msg)); err != nil {
		t.Fatal(err)
	}
}

func TestFloodIsLimitedThenCutOff(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{MessagesPerSecond: 0.001, Burst: 10})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	bob := n.enter(t, "bob")
	for range 20 {
		ann.send(&protocol.Ping{Head: protocol.Re("p")})
	}
	got := map[string]int{}
	for range 20 {
		m := ann.next()
		got[m.Type()]++
		if e, ok := m.(*protocol.Error); ok && (e.Code != protocol.RateLimited || e.Fatal || e.RetryAfterMS <= 0 || e.ID != "p") {
			t.Fatalf("rate limited: %+v", e)
		}
	}
	if got["pong"] != 10 || got["error"] != 10 {
		t.Fatalf("got %v, want 10 of each", got)
	}
	ann.send(&protocol.Ping{})
	if e := ann.refused(protocol.Flooding); !e.Fatal || e.RetryAfterMS <= 0 {
		t.Fatalf("flooding: %+v", e)
	}
	ann.closed()
	until(t, "her data channel and media are gone too", func() bool { return w.media.has("remove s-ann") })
	bob.quiet()
	ann = n.resume(t, ann)
	ann.send(&protocol.Offer{SDP: "again"})
	expect[*protocol.Answer](ann)
}

func TestFloodOnTheDataChannel(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{MessagesPerSecond: 0.001, Burst: 3})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	for range 3 {
		n.hub.Data("s-ann", []byte(`{"type":"ack","match":"m","n":1}`))
	}
	n.hub.Data("s-ann", []byte(`{"type":"ack","match":"m","n":1}`))
	ann.refused(protocol.RateLimited)
	for range 3 {
		n.hub.Data("s-ann", []byte(`{"type":"ack","match":"m","n":1}`))
	}
	ann.refused(protocol.RateLimited)
	ann.refused(protocol.RateLimited)
	ann.refused(protocol.Flooding)
	ann.closed()
	until(t, "her data channel and media are gone too", func() bool { return w.media.has("remove s-ann") })
	n.hub.Data("s-nobody", []byte("x"))
}

// Who has no connection at the time loses the data channel all the same; a lost connection alone takes nothing away.
func TestFloodOnTheDataChannelAlone(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{MessagesPerSecond: 0.001, Burst: 3})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	_ = ann.ws.Close()
	until(t, "the connection is gone", func() bool { return n.hub.Stats().Connections == 0 })
	for range 6 {
		n.hub.Data("s-ann", []byte(`{"type":"ack","match":"m","n":1}`))
	}
	n.enter(t, "bob").quiet()
	if w.media.has("remove s-ann") {
		t.Fatal("the media of a session that waits for its resume was taken down")
	}
	n.hub.Data("s-ann", []byte(`{"type":"ack","match":"m","n":1}`))
	until(t, "the channel is cut off", func() bool { return w.media.has("remove s-ann") })
	n.resume(t, ann).quiet()
}

func TestBadFrames(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	for name, c := range map[string]struct {
		kind  int
		frame string
		want  protocol.Code
		field string
	}{
		"bad UTF-8":     {websocket.TextMessage, "{\"type\":\"ping\",\"id\":\"\xff\"}", protocol.BadRequest, "UTF-8"},
		"not JSON":      {websocket.TextMessage, "hello", protocol.BadRequest, "JSON"},
		"empty":         {websocket.TextMessage, "", protocol.BadRequest, "JSON"},
		"no object":     {websocket.TextMessage, "[1]", protocol.BadRequest, "object"},
		"no type":       {websocket.TextMessage, "{}", protocol.BadRequest, "type"},
		"unknown type":  {websocket.TextMessage, `{"type":"teleport"}`, protocol.UnknownType, "teleport"},
		"binary":        {websocket.BinaryMessage, `{"type":"ping"}`, protocol.BadRequest, "text frame"},
		"field":         {websocket.TextMessage, `{"type":"find","mode":"smell","key":"k"}`, protocol.BadRequest, "find.mode"},
		"refused wish":  {websocket.TextMessage, `{"type":"find","mode":"text","key":"k","tags":["bad"]}`, protocol.BadRequest, "find.tags"},
		"second hello":  {websocket.TextMessage, `{"type":"hello","token":"x"}`, protocol.WrongState, "hello"},
		"bad sdp":       {websocket.TextMessage, `{"type":"offer","sdp":"bad"}`, protocol.SDPInvalid, ""},
		"media fails":   {websocket.TextMessage, `{"type":"offer","sdp":"fail"}`, protocol.MediaFailed, ""},
		"bad candidate": {websocket.TextMessage, `{"type":"candidate","candidate":"bad"}`, protocol.BadRequest, "candidate"},
		"wrong rekey":   {websocket.TextMessage, `{"type":"rekey","match":"m","key":"k"}`, protocol.NoMatch, "match"},
	} {
		t.Run(name, func(t *testing.T) {
			ann := n.enter(t, "ann")
			ann.sendRaw(c.kind, []byte(c.frame))
			if e := ann.refused(c.want); e.Fatal || !strings.Contains(e.Message, c.field) {
				t.Errorf("error: %+v, want one with %q", e, c.field)
			}
			ann.quiet()
		})
	}
}

func TestOversizedFrame(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	fits := `{"type":"ping","x":"` + strings.Repeat("x", protocol.FrameBytes-22) + `"}`
	if len(fits) != protocol.FrameBytes {
		t.Fatalf("%d bytes", len(fits))
	}
	ann.sendRaw(websocket.TextMessage, []byte(fits))
	expect[*protocol.Pong](ann)
	ann.sendRaw(websocket.TextMessage, []byte(fits+" "))
	if e := ann.refused(protocol.TooLarge); !e.Fatal {
		t.Fatalf("too large: %+v", e)
	}
	ann.closed()
	huge := n.connect(t, "huge")                                         // before hello, and much more than the server wants to read
	_ = huge.ws.WriteMessage(websocket.TextMessage, make([]byte, 1<<20)) // may be cut off on the way
	huge.refused(protocol.TooLarge)
	bob.quiet()
}

func TestSilenceIsCutOffAndPingsKeepAlive(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Ping: 50 * time.Millisecond, Silence: time.Second})
	n := w.nodes[0]
	ann := n.enter(t, "ann") // reads, and so answers pings
	n.mute(t, "dead")        // does not
	until(t, "both are in", func() bool { return n.hub.Stats().Sessions == 2 })
	until(t, "the silent one is gone", func() bool { return n.hub.Stats().Connections == 1 })
	ann.quiet()
}

func TestAPanicEndsOnlyItsSession(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob, eve := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "eve")
	m, _ := meet(ann, bob)
	w.queue.set(func() { w.queue.panics["s-eve"] = true })
	eve.find(protocol.ModeVideo)
	eve.refused(protocol.Internal)
	eve.closed()
	ann.send(&protocol.Offer{SDP: "panic"})
	ann.refused(protocol.Internal)
	ann.closed()
	if e := expect[*protocol.Ended](bob); e.Match != m.Match || e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	bob.quiet()
	n.enter(t, "ann").quiet()
	if got := n.metric(t, "session_panics_total", ""); got != 2 {
		t.Errorf("%v panics counted, want 2", got)
	}
}

func TestQueueThatFails(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	w.queue.set(func() { w.queue.fail = errors.New("redis://secret@10.0.0.1 is down") })
	ann := w.nodes[0].enter(t, "ann")
	ann.find(protocol.ModeVideo)
	if e := ann.refused(protocol.Internal); e.ID != "f" || strings.Contains(e.Message, "redis") {
		t.Fatalf("error: %+v", e)
	}
	w.queue.set(func() { w.queue.fail = nil })
	ann.find(protocol.ModeVideo)
	expect[*protocol.Waiting](ann)
	if w.nodes[0].metric(t, "call_failures_total", "arrive") != 1 {
		t.Error("the failure was not counted")
	}
}

func TestManyMeetWhileOthersMisbehave(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{MessagesPerSecond: 1e4, Burst: 1e4})
	n := w.nodes[0]
	var all []*client
	for i := range 8 {
		all = append(all, n.enter(t, fmt.Sprint("u", i)))
	}
	for i := 0; i < len(all); i += 2 {
		m, _ := meet(all[i], all[i+1])
		all[i].sendRaw(websocket.TextMessage, []byte("\xff"))
		all[i].refused(protocol.BadRequest)
		n.hub.Data(all[i].session, []byte("\xff"))
		all[i].refused(protocol.BadRequest)
		n.hub.Data(all[i].session, []byte(`{"type":"leave"}`))
		all[i].refused(protocol.BadRequest)
		for k := range uint64(20) {
			all[i].send(&protocol.Text{Match: m.Match, N: k + 1, Body: body("x")})
			if text := expect[*protocol.PartnerText](all[i+1]); text.N != k+1 {
				t.Fatalf("text %d, want %d", text.N, k+1)
			}
		}
	}
}
