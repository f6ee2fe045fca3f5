package signaling_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

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

// While a node has too much to do nobody new comes in, and who is in comes back.
func TestOverload(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	w.crowded.Store(true)
	cid := n.connect(t, "cid")
	cid.send(&protocol.Hello{Token: "user-cid/s-cid"})
	if e := cid.refused(protocol.ServerFull); !e.Fatal || e.RetryAfterMS != 20_000 {
		t.Fatalf("crowded: %+v", e)
	}
	cid.closed()
	n.resume(t, ann)
	w.crowded.Store(false)
	n.enter(t, "bob")
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
		ws, resp, err := n.dial(t, nil)
		if err != nil {
			wantHTTPError(t, resp, http.StatusServiceUnavailable, protocol.ServerFull)
			return
		}
		defer func() { _ = ws.Close() }()
	}
	t.Error("connections without hello are not bounded")
}
