package console_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"go.uber.org/goleak"

	"passerby/internal/console"
	"passerby/internal/limit"
	"passerby/internal/moderation"
	"passerby/internal/staff"
	"passerby/internal/store"
	"passerby/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a console over a database in a file, and its time.
type world struct {
	t    *testing.T
	db   store.Store
	door *staff.Door
	desk *moderation.Desk
	h    http.Handler
	now  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{t: t, db: db, now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	sealer, err := staff.NewSealer(make([]byte, 32), clock)
	if err != nil {
		t.Fatal(err)
	}
	buckets := func(perSecond float64, burst int) staff.Allow {
		b := limit.New(perSecond, burst, 1000)
		return func(_ context.Context, name string) (bool, time.Duration) { return b.Allow(name) }
	}
	log := slog.New(slog.DiscardHandler)
	w.door = &staff.Door{
		Store: db, Sealer: sealer, Log: log, Now: clock, ByNetwork: buckets(0.001, 30), ByName: buckets(0.001, 5), ByAccount: buckets(0.001, 8),
	}
	w.desk = &moderation.Desk{
		Store: db, Sealer: sealer, Now: clock, Others: w.door.Others,
	}
	w.h = console.New(console.Config{
		Door: w.door, Desk: w.desk, Store: db, Log: log, Figures: func(context.Context) console.Figures { return console.Figures{Online: 7} },
		Page: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page "+r.URL.Path) }),
	})
	return w
}

// browser keeps cookies, and says with each request where its page comes from.
type browser struct {
	w       *world
	cookies map[string]string
	header  map[string]string
	remote  string
	got     *httptest.ResponseRecorder
}

func (w *world) browser() *browser {
	return &browser{w: w, cookies: map[string]string{}, header: map[string]string{"Origin": "https://chat.example", "Sec-Fetch-Site": "same-origin"}, remote: "198.51.100.1:1"}
}

// ask sends a request and answers the status; out, when not nil, gets the JSON.
func (b *browser) ask(method, path string, body, out any) int {
	b.w.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			b.w.t.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, console.Path+"/api"+path, in)
	r.Host, r.RemoteAddr = "chat.example", b.remote
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range b.header {
		r.Header.Set(k, v)
	}
	for k, v := range b.cookies {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	b.got = httptest.NewRecorder()
	b.w.h.ServeHTTP(b.got, r)
	for _, c := range b.got.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	if out != nil {
		if err := json.Unmarshal(b.got.Body.Bytes(), out); err != nil {
			b.w.t.Fatalf("%s %s: %v: %s", method, path, err, b.got.Body)
		}
	}
	return b.got.Code
}

// must is ask that has to succeed.
func (b *browser) must(method, path string, body, out any) {
	b.w.t.Helper()
	if code := b.ask(method, path, body, out); code != http.StatusOK {
		b.w.t.Fatalf("%s %s: %d: %s", method, path, code, b.got.Body)
	}
}

// fails says with which code a request is refused.
func (b *browser) fails(method, path string, body any) string {
	b.w.t.Helper()
	var e struct{ Error struct{ Code string } }
	if code := b.ask(method, path, body, &e); code < 400 {
		b.w.t.Fatalf("%s %s: %d: %s", method, path, code, b.got.Body)
	}
	return e.Error.Code
}

// member puts somebody into the database who is signed in already, without the time that passwords take.
func (w *world) member(name string, role staff.Role, stage staff.Stage) (*browser, string) {
	w.t.Helper()
	m, err := w.db.SaveModerator(w.t.Context(), store.Moderator{Name: name, Role: string(role), Created: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	token := strings.Repeat("x", 43-len(name)) + name
	sum := sha256.Sum256([]byte(token))
	err = w.db.SaveModeratorSession(w.t.Context(), store.ModeratorSession{
		ID: hex.EncodeToString(sum[:]), Moderator: m.ID, Created: w.now, Seen: w.now, Expires: w.now.Add(12 * time.Hour),
		Detail: json.RawMessage(`{"stage":"` + string(stage) + `","via":"test"}`),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	b := w.browser()
	b.cookies[console.SessionCookie] = token
	return b, m.ID
}

const password = "a long enough password"

// join takes a new member through the whole first sign-in, and answers his authenticator's secret.
func (w *world) join(name string, role staff.Role) (b *browser, secret string) {
	w.t.Helper()
	_, oneTime, _, err := w.door.Add(w.t.Context(), staff.CLI, name, role)
	if err != nil {
		w.t.Fatal(err)
	}
	b = w.browser()
	b.must("POST", "/sign-in/password", map[string]string{"name": name, "password": oneTime}, nil)
	b.must("POST", "/account/password", map[string]string{"old": "", "password": password}, nil)
	var offer struct{ Secret, Ticket string }
	b.must("POST", "/account/code", struct{}{}, &offer)
	b.must("POST", "/account/code/finish", map[string]string{"ticket": offer.Ticket, "code": w.code(offer.Secret)}, nil)
	return b, offer.Secret
}

func (w *world) code(secret string) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

// reported puts an open report with a proven and an unproven piece into the database.
func (w *world) reported(person, reporter string) store.Report {
	w.t.Helper()
	r, err := w.db.SaveReport(w.t.Context(), store.Report{
		At: w.now, Match: "match-" + person + reporter, Reporter: reporter, Reported: person, Reason: "threat", Comment: "he threatens me", Severity: 2, Weight: 1,
		Evidence: []store.Evidence{
			{Kind: "message", From: "reported", At: w.now, N: 1, Proof: store.Proven, Type: "text/plain; charset=utf-8", Body: []byte("<script>alert(1)</script>")},
			{Kind: "picture", From: "reported", Proof: store.Unproven, Type: "image/png", Body: []byte("\x89PNG")},
			{Kind: "media", From: "reported", Proof: store.Unproven, Type: "text/html", Body: []byte("<script>alert(1)</script>")},
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
