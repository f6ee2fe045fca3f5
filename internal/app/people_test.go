package app_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"passerby/internal/app"
	"passerby/internal/config"
	"passerby/internal/identity"
	"passerby/internal/store"
	"passerby/internal/testenv"
	"passerby/signaling/protocol"
)

// device is a browser profile, as the server sees it.
type device struct {
	t    *testing.T
	base string
	key  *ecdsa.PrivateKey
	from string // its address, as the proxy tells it
}

func newDevice(t *testing.T, base, from string) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t, base, key, from}
}

func (d *device) sign(at time.Time) *protocol.Device {
	d.t.Helper()
	return d.signAt(at, identity.ForSession, strings.TrimPrefix(d.base, "http://"))
}

func (d *device) signFor(purpose string) *protocol.Device {
	d.t.Helper()
	return d.signAt(time.Now(), purpose, strings.TrimPrefix(d.base, "http://"))
}

// elsewhere is a signature for another server.
func elsewhere(d *device) *protocol.Device {
	return d.signAt(time.Now(), identity.ForDelete, "other.example")
}

func (d *device) signAt(at time.Time, purpose, host string) *protocol.Device {
	d.t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	public, err := d.key.PublicKey.Bytes()
	if err != nil {
		d.t.Fatal(err)
	}
	p := &protocol.Device{Key: encode(public), At: at.UnixMilli(), Nonce: encode([]byte(rand.Text()[:16]))}
	digest := sha256.Sum256(identity.MessageFor(purpose, *p, host))
	r, s, err := ecdsa.Sign(rand.Reader, d.key, digest[:])
	if err != nil {
		d.t.Fatal(err)
	}
	p.Signature = encode(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	return p
}

// answer is either answer of the API.
type answer struct {
	protocol.SessionAnswer
	protocol.ErrorAnswer
}

func (d *device) post(path string, body any) (a answer) {
	d.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.base+path, bytes.NewReader(b))
	if err != nil {
		d.t.Fatal(err)
	}
	if d.from != "" {
		req.Header.Set("X-Forwarded-For", d.from)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	conforms(d.t, req, res, text)
	if err := json.Unmarshal(text, &a); err != nil {
		d.t.Fatal(err)
	}
	return a
}

func (d *device) ask() answer {
	d.t.Helper()
	return d.post("/v1/session", protocol.SessionRequest{Adult: true, Device: d.sign(time.Now())})
}

// user is whom a token names.
func user(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	var c struct{ Sub string }
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(b, &c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Sub
}

func (a answer) code() protocol.Code {
	if a.Error == nil {
		return ""
	}
	return a.Error.Code
}

func behindProxy(t *testing.T) config.Config {
	c := local(t)
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return c
}

func start(t *testing.T, c config.Config) (*app.Server, string) {
	t.Helper()
	s, err := app.Start(c, &log{})
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	return s, s.URL()
}

func TestDevice(t *testing.T) {
	_, base := start(t, behindProxy(t))
	ann, ben := newDevice(t, base, ""), newDevice(t, base, "")
	if a, b, c := user(t, ann.ask().Token), user(t, ann.ask().Token), user(t, ben.ask().Token); a != b || a == c {
		t.Errorf("ann is %s and %s, ben is %s", a, b, c)
	}
	req := protocol.SessionRequest{Adult: true, Device: ann.sign(time.Now())}
	if a := ann.post("/v1/session", req); a.Token == "" {
		t.Fatalf("%+v", a.Error)
	}
	if a := ann.post("/v1/session", req); a.code() != protocol.DeviceInvalid {
		t.Errorf("a request that is played again: %q", a.code())
	}
	req.Device = ann.sign(time.Now().Add(-10 * time.Minute))
	if a := ann.post("/v1/session", req); a.code() != protocol.DeviceInvalid {
		t.Errorf("an old request: %q", a.code())
	}
	req.Device = ann.sign(time.Now())
	req.Device.Key = ben.sign(time.Now()).Key
	if a := ann.post("/v1/session", req); a.code() != protocol.DeviceInvalid {
		t.Errorf("another's key: %q", a.code())
	}
	for _, minor := range []protocol.SessionRequest{{Minor: true}, {}, {Adult: true, Minor: true}} {
		if a := ann.post("/v1/session", minor); a.code() != protocol.AdultRequired {
			t.Errorf("%+v: %q", minor, a.code())
		}
	}
}

// The story of a ban: out while connected, out in a fresh profile from the same range, an appeal, in again.
func TestBan(t *testing.T) {
	s, base := start(t, behindProxy(t))
	ctx, db := t.Context(), s.Store()
	bad := newDevice(t, base, "203.0.113.7")
	token := bad.ask().Token
	id := user(t, token)

	ws, res, err := (&websocket.Dialer{Subprotocols: []string{"passerby.v1"}}).Dial("ws"+strings.TrimPrefix(base, "http")+"/v1/ws", http.Header{"X-Forwarded-For": {bad.from}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = ws.Close() }()
	if err := ws.WriteJSON(map[string]string{"type": "hello", "token": token}); err != nil {
		t.Fatal(err)
	}
	seen := eventually(t, func() (store.User, bool) {
		u, err := db.User(ctx, id)
		return u, err == nil
	})
	ban, err := db.SaveBan(ctx, store.Ban{User: id, Network: seen.Wide, Reason: "spam", Message: "No adverts.", By: "m", At: time.Now(), Until: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.SetReadDeadline(time.Now().Add(patience))
	for last := ""; ; {
		_, data, err := ws.ReadMessage()
		if err != nil {
			if !strings.Contains(last, `"banned"`) {
				t.Errorf("the connection ended with %s", last)
			}
			break
		}
		last = string(data)
	}

	fresh := newDevice(t, base, "203.0.113.200")
	for name, d := range map[string]*device{"the same device elsewhere": {t, base, bad.key, "198.51.100.1"}, "a fresh profile in the same range": fresh} {
		a := d.ask()
		if a.code() != protocol.Banned || a.Ban == nil || a.Ban.Reason != "spam" || a.Ban.Message != "No adverts." || a.Ban.Until != ban.Until.UnixMilli() || a.Ban.Token == "" {
			t.Fatalf("%s: %q, %+v", name, a.code(), a.Ban)
		}
	}
	if a := newDevice(t, base, "203.0.114.1").ask(); a.Token == "" {
		t.Errorf("somebody next to the range: %+v", a.Error)
	}
	if a := newDevice(t, base, "").ask(); a.Token == "" {
		t.Errorf("the machine itself: %+v", a.Error)
	}

	appeal := protocol.AppealRequest{Token: fresh.ask().Ban.Token, Text: "It was somebody else in my street."}
	if a := fresh.post("/v1/appeal", appeal); a.code() != "" {
		t.Fatalf("appeal: %+v", a.Error)
	}
	if a := fresh.post("/v1/appeal", appeal); a.code() != protocol.WrongState {
		t.Errorf("a second appeal: %q", a.code())
	}
	if a := fresh.ask(); a.Ban == nil || a.Ban.Appeal != "open" {
		t.Errorf("while the appeal is open: %+v", a.Ban)
	}
	open, err := db.Appeals(ctx, store.AppealFilter{Status: store.AppealOpen}, store.Page{})
	if err != nil || len(open) != 1 || open[0].Text != appeal.Text {
		t.Fatalf("%v, %v", open, err)
	}
	if _, err := db.DecideAppeal(ctx, open[0].ID, store.AppealDecision{Accept: true, By: "n", At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() (answer, bool) {
		a := fresh.ask()
		return a, a.Token != ""
	})
	if a := newDevice(t, base, "203.0.113.201").ask(); a.code() != protocol.Banned {
		t.Errorf("another in the range: %q", a.code())
	}
}

// eventually asks again and again, since bans are followed and records written behind one's back.
func eventually[T any](t *testing.T, f func() (T, bool)) T {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		v, ok := f()
		if ok {
			return v
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("it did not come: %+v", v)
		}
	}
}

// PostgreSQL goes away: people come in all the same, and what happened is written when it is back.
func TestDatabaseAway(t *testing.T) {
	postgres := testenv.StartPostgres(t)
	c := behindProxy(t)
	c.Database = postgres.URL()
	if _, err := app.Start(c, &log{}); err == nil || !strings.Contains(err.Error(), "passerby migrate up") {
		t.Fatalf("a server starts without tables: %v", err)
	}
	var out bytes.Buffer
	if code := app.Main(t.Context(), []string{"migrate", "up", "--database", c.Database}, &out, &out); code != 0 {
		t.Fatal(out.String())
	}
	s, base := start(t, c)
	ann := newDevice(t, base, "203.0.113.7")
	if a := ann.ask(); a.Token == "" {
		t.Fatalf("%+v", a.Error)
	}
	postgres.Kill()
	ben := newDevice(t, base, "203.0.113.7")
	a := ben.ask()
	if a.Token == "" {
		t.Fatalf("while the database is away: %+v", a.Error)
	}
	postgres.Start()
	eventually(t, func() (store.User, bool) {
		u, err := s.Store().User(t.Context(), user(t, a.Token))
		return u, err == nil
	})
}
