package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"passerby/internal/api"
	"passerby/internal/app"
	"passerby/signaling/protocol"
)

// appServer is another app's server, with a key.
type appServer struct {
	t    *testing.T
	base string
	key  string
}

// call answers the status, and the body where out is not nil.
func (a appServer) call(method, path string, body, out any, header ...string) int {
	a.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		a.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.base+path, bytes.NewReader(b))
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	conforms(a.t, req, resp, text)
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			a.t.Fatalf("%s: %v", text, err)
		}
	}
	return resp.StatusCode
}

func apiServer(t *testing.T) (s *app.Server, full, poor appServer) {
	t.Helper()
	c := local(t)
	text, k, err := api.MakeKey("shop", api.Scopes)
	if err != nil {
		t.Fatal(err)
	}
	little, l, err := api.MakeKey("watch", []string{"figures"})
	if err != nil {
		t.Fatal(err)
	}
	c.APIKeys = []api.Key{k, l}
	s, base := start(t, c)
	return s, appServer{t, base, text}, appServer{t, base, little}
}

// talkAs is talk for a user of the app.
func talkAs(t *testing.T, base, appToken string) *talker {
	t.Helper()
	a := newDevice(t, base, "").post("/v1/session", protocol.SessionRequest{AppToken: appToken})
	if a.Token == "" {
		t.Fatalf("no session: %+v", a.Error)
	}
	d := websocket.Dialer{Subprotocols: []string{protocol.Subprotocol}, HandshakeTimeout: patience}
	socket, resp, err := d.DialContext(t.Context(), "ws"+strings.TrimPrefix(base, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = socket.Close() })
	c := &talker{t, socket}
	c.send(&protocol.Hello{Token: a.Token})
	c.send(&protocol.Find{Mode: protocol.ModeText, Key: "p256:k"})
	return c
}

// Users of another app come in by its word: its name for them is shown, its wishes count, and a ban by it ends what they do.
func TestUsersOfAnotherApp(t *testing.T) {
	s, shop, _ := apiServer(t)
	mint := func(user, name string) (a api.SessionAnswer) {
		t.Helper()
		req := api.SessionRequest{User: user, Age: "adult", DisplayName: name, Tags: []string{"chess"}, Language: "en"}
		if code := shop.call("POST", "/api/v1/sessions", req, &a); code != http.StatusCreated {
			t.Fatal(code)
		}
		return a
	}
	ann, ben := mint("ann@shop", "Ann ✨"), mint("ben@shop", "")
	if again := mint("ann@shop", ""); again.User != ann.User || ann.User == ben.User || strings.Contains(ann.Token, "shop") {
		t.Errorf("ann is %s and %s, ben is %s", ann.User, again.User, ben.User)
	}
	a, b := talkAs(t, shop.base, ann.Token), talkAs(t, shop.base, ben.Token)
	seen := heard[*protocol.Matched](b)
	if seen.Peer.Name != "Ann ✨" || len(seen.Peer.Tags) != 1 || seen.Peer.Tags[0] != "chess" || seen.Peer.Language != "en" {
		t.Errorf("ben sees %+v", seen.Peer)
	}
	if name := heard[*protocol.Matched](a).Peer.Name; name != "" {
		t.Errorf("ann sees %q", name)
	}
	var figures protocol.StatsAnswer
	if code := shop.call("GET", "/api/v1/figures", nil, &figures); code != 200 || figures.Online != 2 {
		t.Errorf("%d: %+v", code, figures)
	}

	var ban api.BanAnswer
	if code := shop.call("POST", "/api/v1/bans", api.BanRequest{User: ann.User, Reason: "spam", Message: "Not in our shop.", Seconds: 3600}, &ban); code != http.StatusCreated || ban.Until == "" {
		t.Fatalf("%d: %+v", code, ban)
	}
	if e := heard[*protocol.Ended](b); e.Reason != protocol.EndModerated {
		t.Errorf("ben hears %+v", e)
	}
	refused := newDevice(t, shop.base, "").post("/v1/session", protocol.SessionRequest{AppToken: mint("ann@shop", "").Token})
	if refused.code() != protocol.Banned || refused.Ban == nil || refused.Ban.Message != "Not in our shop." {
		t.Errorf("ann comes back: %+v", refused)
	}
	if code := shop.call("DELETE", "/api/v1/bans/"+ban.Ban, nil, nil); code != http.StatusNoContent {
		t.Error(code)
	}
	if code := shop.call("GET", "/api/v1/bans/"+ban.Ban, nil, &ban); code != 200 || ban.Lifted == "" {
		t.Errorf("%d: %+v", code, ban)
	}
	if kept, err := s.Store().Ban(t.Context(), ban.Ban); err != nil || kept.By != "api:shop" {
		t.Errorf("%+v, %v", kept, err)
	}
	eventually(t, func() (struct{}, bool) {
		again := newDevice(t, shop.base, "").post("/v1/session", protocol.SessionRequest{AppToken: mint("ann@shop", "").Token})
		return struct{}{}, again.Token != ""
	})
}

func TestEndASession(t *testing.T) {
	_, shop, _ := apiServer(t)
	var ann api.SessionAnswer
	shop.call("POST", "/api/v1/sessions", api.SessionRequest{User: "ann", Age: "adult"}, &ann)
	c := talkAs(t, shop.base, ann.Token)
	heard[*protocol.Waiting](c)
	if code := shop.call("DELETE", "/api/v1/users/"+ann.User+"/session", nil, nil); code != http.StatusNoContent {
		t.Fatal(code)
	}
	if e := heard[*protocol.Error](c); e.Code != protocol.Banned {
		t.Errorf("%+v", e)
	}
}

func TestAbuseOfTheAPI(t *testing.T) {
	_, shop, poor := apiServer(t)
	var ann api.SessionAnswer
	good := api.SessionRequest{User: "ann", Age: "adult"}
	shop.call("POST", "/api/v1/sessions", good, &ann)
	visitor := newDevice(t, shop.base, "")
	enter := func(token string) protocol.Code {
		return visitor.post("/v1/session", protocol.SessionRequest{Adult: true, AppToken: token}).code()
	}
	if code := enter(ann.Token[:len(ann.Token)-3] + "abc"); code != protocol.TokenInvalid {
		t.Errorf("a forged token: %q", code)
	}
	if code := enter(ann.Token); code != "" {
		t.Errorf("a good token: %q", code)
	}
	if code := enter(ann.Token); code != protocol.TokenInvalid {
		t.Errorf("a token that is played again: %q", code)
	}
	for name, req := range map[string]api.SessionRequest{
		"no user": {Age: "adult"}, "no age": {User: "a"}, "a minor": {User: "a", Age: "minor"}, "too long": {User: "a", Age: "adult", TTL: 3601}, "too short": {User: "a", Age: "adult", TTL: 1},
		"direction": {User: "a", Age: "adult", DisplayName: "ann\u202egpj"}, "two lines": {User: "a", Age: "adult", DisplayName: "a\nb"}, "name": {User: "a", Age: "adult", DisplayName: strings.Repeat("a", 41)},
		"tag": {User: "a", Age: "adult", Tags: []string{"a\nb"}}, "gender": {User: "a", Age: "adult", Gender: "male"}, "seeking": {User: "a", Age: "adult", Seeking: []string{"f", "f"}}, "language": {User: "a", Age: "adult", Language: "en-US"},
	} {
		if code := shop.call("POST", "/api/v1/sessions", req, nil); code != 400 && code != 403 {
			t.Errorf("%s: %d", name, code)
		}
	}
	none := appServer{t, shop.base, ""}
	for name, c := range map[string]struct {
		who          appServer
		method, path string
		header       []string
		want         int
	}{
		"no key": {none, "GET", "/api/v1/figures", nil, 401}, "wrong key": {appServer{t, shop.base, shop.key + "0"}, "GET", "/api/v1/figures", nil, 401},
		"no scope": {poor, "POST", "/api/v1/sessions", nil, 403}, "scope": {poor, "GET", "/api/v1/figures", nil, 200}, "from a page": {shop, "GET", "/api/v1/figures", []string{"Origin", shop.base}, 403},
		"preflight": {none, "OPTIONS", "/api/v1/figures", []string{"Origin", "https://evil.example"}, 403}, "no address": {shop, "GET", "/api/v1/keys", nil, 404}, "no ban": {shop, "GET", "/api/v1/bans/x", nil, 404},
		"no address and no key": {none, "GET", "/api/v1/keys", nil, 401},
	} {
		if code := c.who.call(c.method, c.path, good, nil, c.header...); code != c.want {
			t.Errorf("%s: %d, want %d", name, code, c.want)
		}
	}
	limited := false
	for range 30 {
		limited = limited || none.call("GET", "/api/v1/figures", nil, nil) == 429
	}
	if !limited {
		t.Error("keys can be tried without end")
	}
	if code := shop.call("GET", "/api/v1/figures", nil, nil); code != 200 {
		t.Errorf("a good key from the same address: %d", code)
	}
}
