package signaling_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

func TestNewestTabWins(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)

	second := n.resume(t, ann) // with the secret: the match goes on, and the partner notices nothing
	if e := ann.refused(protocol.Replaced); !e.Fatal {
		t.Fatalf("replaced: %+v", e)
	}
	ann.closed()
	if snap := expect[*protocol.Matched](second); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	bob.quiet()

	third := n.connect(t, "ann") // without it: the session starts afresh
	if got := third.hello("user-ann/s-ann", "wrong"); got.Resumed || got.Session != "s-ann" {
		t.Fatalf("welcome: %+v", got)
	}
	second.refused(protocol.Replaced)
	second.closed()
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	third.quiet()
	if s := n.hub.Stats(); s.Sessions != 2 || s.Matched != 0 {
		t.Errorf("stats: %+v", s)
	}
}

func TestResumeSecrets(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	first := ann.resume

	second := n.resume(t, ann)
	ann.refused(protocol.Replaced)
	// The welcome with the second secret may have been lost: the first is still good.
	lost := n.connect(t, "ann")
	if got := lost.hello("expired:user-ann/s-ann", first); !got.Resumed {
		t.Fatal("the secret before was refused")
	}
	second.refused(protocol.Replaced)
	third := n.resume(t, lost) // shows that the newest arrived
	lost.refused(protocol.Replaced)
	fourth := n.resume(t, third)
	third.refused(protocol.Replaced)

	dead := n.connect(t, "ann") // the first is over now
	dead.send(&protocol.Hello{Token: "expired:user-ann/s-ann", Resume: first})
	dead.refused(protocol.TokenExpired)
	dead.closed()
	fourth.quiet()
}

func TestTokens(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	n.enter(t, "ann")
	for name, c := range map[string]struct {
		token, resume string
		want          protocol.Code
	}{
		"forged":                        {"forged", "", protocol.TokenInvalid},
		"expired, nothing to resume":    {"expired:user-bob/s-bob", "", protocol.TokenExpired},
		"expired, wrong secret":         {"expired:user-ann/s-ann", "wrong", protocol.TokenExpired},
		"session of somebody else":      {"expired:user-eve/s-ann", "", protocol.TokenInvalid},
		"no user":                       {"/s-ann", "", protocol.TokenInvalid},
		"no session":                    {"user-ann/", "", protocol.TokenInvalid},
		"another user's valid token":    {"user-eve/s-ann", "", protocol.TokenInvalid},
		"another user, with any secret": {"user-eve/s-ann", "x", protocol.TokenInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			eve := n.connect(t, "eve")
			eve.send(&protocol.Hello{Head: protocol.Re("h"), Token: c.token, Resume: c.resume})
			if e := eve.refused(c.want); e.ID != "h" || !e.Fatal {
				t.Errorf("error: %+v", e)
			}
			eve.closed()
		})
	}
	if s := n.hub.Stats(); s.Sessions != 1 {
		t.Errorf("stats: %+v", s)
	}
}

func TestTokenThatCannotBeIssued(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	w.token.broken = true
	ann := w.nodes[0].connect(t, "ann")
	ann.send(&protocol.Hello{Token: "user-ann/s-ann"})
	ann.refused(protocol.Internal)
	ann.closed()
	until(t, "no session is left", func() bool { return w.nodes[0].hub.Stats().Sessions == 0 })
}

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
		Subprotocols: []string{protocol.Subprotocol},
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
		ann.send(&protocol.Ping{})
	}
	got := map[string]int{}
	for range 20 {
		m := ann.next()
		got[m.Type()]++
		if e, ok := m.(*protocol.Error); ok && (e.Code != protocol.RateLimited || e.Fatal || e.RetryAfterMS <= 0) {
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
	bob.quiet()
	n.resume(t, ann).quiet()
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
	n.hub.Data("s-nobody", []byte("x"))
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

func TestHelloComesFirst(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	for name, frame := range map[string]string{
		"another message": `{"type":"ping","id":"7"}`,
		"no message":      `nonsense`,
		"no token":        `{"type":"hello"}`,
		"unknown":         `{"type":"teleport"}`,
	} {
		t.Run(name, func(t *testing.T) {
			c := w.nodes[0].connect(t, name)
			c.sendRaw(websocket.TextMessage, []byte(frame))
			c.refused(protocol.HelloRequired)
			c.closed()
		})
	}
	binary := w.nodes[0].connect(t, "binary")
	binary.sendRaw(websocket.BinaryMessage, []byte(`{"type":"hello","token":"user-a/s-a"}`))
	binary.refused(protocol.HelloRequired)
}

func TestHelloComesInTime(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Hello: 50 * time.Millisecond})
	c := w.nodes[0].connect(t, "late")
	c.refused(protocol.HelloRequired)
	c.closed()
	ann := w.nodes[0].enter(t, "ann")
	until(t, "the late one is gone", func() bool { return w.nodes[0].hub.Stats().Connections == 1 })
	ann.quiet()
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

func TestOrigins(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Origins: []string{"https://chat.example"}})
	n := w.nodes[0]
	host := strings.TrimPrefix(n.server.URL, "http://")
	for origin, ok := range map[string]bool{
		"":                         true,
		"http://" + host:           true,
		"https://" + host:          true,
		"https://chat.example":     true,
		"https://Chat.Example":     true,
		"http://chat.example":      false,
		"https://evil.example":     false,
		"https://chat.example.x":   false,
		"null":                     false,
		"http://" + host + ".evil": false,
		"::":                       false,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, resp, err := n.dial(t, header)
		if (err == nil) != ok {
			t.Errorf("origin %q: %v, want accepted %t", origin, err, ok)
		}
		if err == nil {
			_ = ws.Close()
			continue
		}
		wantHTTPError(t, resp, http.StatusForbidden, protocol.OriginForbidden)
	}
	for origin, ok := range map[string]bool{"https://other.example": true, "https://other.example.evil": false, "https://other": false} {
		ws, _, err := n.dial(t, http.Header{"Host": {"other.example"}, "Origin": {origin}})
		if (err == nil) != ok {
			t.Errorf("origin %q at other.example: %v, want accepted %t", origin, err, ok)
		}
		if err == nil {
			_ = ws.Close()
		}
	}
}

func wantHTTPError(t *testing.T, resp *http.Response, status int, code protocol.Code) {
	t.Helper()
	if resp == nil {
		t.Fatal("no answer")
	}
	defer func() { _ = resp.Body.Close() }()
	var answer protocol.ErrorAnswer
	data, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(data, &answer)
	}
	if err != nil || resp.StatusCode != status || answer.Error == nil || answer.Error.Code != code {
		t.Errorf("answer %d %s (%v), want %d %s", resp.StatusCode, data, err, status, code)
	}
}

func TestUpgradeRefusals(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	resp, err := http.Get(n.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	wantHTTPError(t, resp, http.StatusBadRequest, protocol.BadRequest)
	_, resp, err = websocket.DefaultDialer.DialContext(t.Context(), n.url(), nil) // no subprotocol
	if err == nil {
		t.Fatal("accepted without the subprotocol")
	}
	wantHTTPError(t, resp, http.StatusBadRequest, protocol.BadRequest)
	http.DefaultClient.CloseIdleConnections()
}

func TestServerFull(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{MaxSessions: 2})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	n.enter(t, "bob")
	cid := n.connect(t, "cid")
	cid.send(&protocol.Hello{Token: "user-cid/s-cid"})
	if e := cid.refused(protocol.ServerFull); !e.Fatal || e.RetryAfterMS == 0 {
		t.Fatalf("full: %+v", e)
	}
	cid.closed()
	n.resume(t, ann) // who is in may come back
	for range 2 + 16 {
		_, resp, err := n.dial(t, nil)
		if err != nil {
			wantHTTPError(t, resp, http.StatusServiceUnavailable, protocol.ServerFull)
			return
		}
	}
	t.Error("connections without hello are not bounded")
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

func TestDrainEndsMatchesAndClosesEverything(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob, cid := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid")
	meet(ann, bob)
	cid.find(protocol.ModeText)
	expect[*protocol.Waiting](cid)
	if err := n.hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := n.hub.Stats(); s != (signaling.Stats{}) {
		t.Errorf("stats: %+v", s)
	}
	for _, c := range []*client{ann, bob} {
		if e := expect[*protocol.Ended](c); e.Reason != protocol.EndDrain {
			t.Fatalf("ended: %+v", e)
		}
		c.closed()
	}
	if e := cid.refused(protocol.Draining); e.Fatal || e.RetryAfterMS == 0 {
		t.Fatalf("draining: %+v", e)
	}
	cid.closed()
	_, resp, err := n.dial(t, nil)
	if err == nil {
		t.Fatal("accepted after the drain")
	}
	wantHTTPError(t, resp, http.StatusServiceUnavailable, protocol.Draining)
}

func TestDrainLeavesMatchesTheirGrace(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{DrainGrace: time.Minute})
	n := w.nodes[0]
	ann, bob, cid, dan := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid"), n.enter(t, "dan")
	m, _ := meet(ann, bob)
	cid.find(protocol.ModeText)
	expect[*protocol.Waiting](cid)
	drained := make(chan error, 1)
	go func() { drained <- n.hub.Drain(t.Context()) }()
	cid.refused(protocol.Draining)
	until(t, "who looks is refused", func() bool {
		dan.send(&protocol.Next{Head: protocol.Re("n")})
		e := expect[*protocol.Error](dan)
		return e.Code == protocol.Draining && e.ID == "n" && !e.Fatal
	})
	ann.send(&protocol.Text{Match: m.Match, N: 1, Body: body("goodbye")})
	expect[*protocol.PartnerText](bob)
	bob.send(&protocol.Leave{}) // the last match ends, and the drain goes on at once
	expect[*protocol.Left](bob)
	expect[*protocol.Ended](ann)
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{ann, bob, cid, dan} {
		c.closed()
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
