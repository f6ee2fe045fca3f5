package console_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"passerby/internal/console"
	"passerby/internal/staff"
)

func TestFirstSignInAndAllLaterOnes(t *testing.T) {
	w := newWorld(t)
	b, secret := w.join("ann", staff.Admin)
	var me struct {
		SignedIn    bool `json:"signed_in"`
		Name, Stage string
	}
	b.must("GET", "/session", nil, &me)
	if !me.SignedIn || me.Name != "ann" || me.Stage != "full" {
		t.Fatalf("after the set-up: %+v", me)
	}

	// No fixation: what the browser brought along never becomes a session, and the old one ends.
	before := b.cookies[console.SessionCookie]
	signIn := func(b *browser) string {
		w.now = w.now.Add(time.Minute) // a code counts once
		var step struct{ Next, Ticket string }
		b.must("POST", "/sign-in/password", map[string]string{"name": " Ann ", "password": password}, &step)
		if step.Next != "code" || b.got.Header().Get("Set-Cookie") != "" {
			t.Fatalf("after the password alone: %+v, %s", step, b.got.Header().Get("Set-Cookie"))
		}
		b.must("POST", "/sign-in/code", map[string]string{"ticket": step.Ticket, "code": w.code(secret)}, nil)
		if code := b.fails("POST", "/sign-in/code", map[string]string{"ticket": step.Ticket, "code": w.code(secret)}); code != "expired" {
			t.Errorf("the same code again: %s", code)
		}
		return b.got.Header().Get("Set-Cookie")
	}
	signIn(b)
	if after := b.cookies[console.SessionCookie]; after == before || len(after) != 43 {
		t.Errorf("the cookie was %q and is %q", before, after)
	}
	old := w.browser()
	old.cookies[console.SessionCookie] = before
	if code := old.fails("GET", "/queue", nil); code != "signed_out" {
		t.Errorf("the session from before the sign-in: %s", code)
	}
	planted := w.browser()
	planted.cookies[console.SessionCookie] = strings.Repeat("A", 43)
	signIn(planted)
	if planted.cookies[console.SessionCookie] == strings.Repeat("A", 43) {
		t.Error("a planted cookie became a session")
	}

	b.must("POST", "/sign-out", struct{}{}, nil)
	if _, there := b.cookies[console.SessionCookie]; there {
		t.Error("the cookie stays after the sign-out")
	}
}

func TestTheCookie(t *testing.T) {
	w := newWorld(t)
	_, oneTime, _, err := w.door.Add(t.Context(), staff.CLI, "ann", staff.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	b := w.browser()
	b.must("POST", "/sign-in/password", map[string]string{"name": "ann", "password": oneTime}, nil)
	c := b.got.Result().Cookies()[0]
	if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
		t.Errorf("cookie %+v", c)
	}
	if h := b.got.Header(); h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("headers %v", h)
	}
	if code := b.fails("POST", "/account/password", map[string]string{"old": "", "password": oneTime}); code != "weak_password" {
		t.Errorf("the one-time password as the password: %s", code)
	}
	w.now = w.now.Add(21 * time.Minute)
	if code := b.fails("GET", "/account", nil); code != "signed_out" {
		t.Errorf("an unfinished set-up after 21 minutes: %s", code)
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	if code := w.browser().fails("POST", "/sign-in/password", map[string]string{"name": "ann", "password": oneTime}); code != "wrong" {
		t.Errorf("a one-time password after eight days: %s", code)
	}
}

func TestSessionsEnd(t *testing.T) {
	w := newWorld(t)
	idle, _ := w.member("idle", staff.Viewer, staff.Full)
	busy, id := w.member("busy", staff.Viewer, staff.Full)
	for range 24 * 2 {
		w.now = w.now.Add(15 * time.Minute)
		if code := busy.ask("GET", "/session", nil, nil); code != 200 {
			t.Fatal(code)
		}
		if busy.ask("GET", "/queue", nil, nil) != 200 {
			break
		}
	}
	if began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC); w.now.Sub(began) < 12*time.Hour-time.Minute || w.now.Sub(began) > 12*time.Hour+16*time.Minute {
		t.Errorf("a busy session ended after %v, want 12 h", w.now.Sub(began))
	}
	w.now = time.Date(2026, 11, 30, 12, 31, 0, 0, time.UTC)
	if code := idle.fails("GET", "/queue", nil); code != "signed_out" {
		t.Errorf("after 31 idle minutes: %s", code)
	}
	fresh, _ := w.member("fresh", staff.Viewer, staff.Full)
	admin, _ := w.member("admin", staff.Admin, staff.Full)
	_ = fresh.ask("GET", "/queue", nil, nil)
	var all struct{ Moderators []struct{ ID, Name string } }
	admin.must("GET", "/moderators", nil, &all)
	for _, m := range all.Moderators {
		if m.Name == "fresh" {
			admin.must("POST", "/moderators/"+m.ID, map[string]any{"role": "viewer", "disabled": true}, nil)
		}
	}
	if code := fresh.fails("GET", "/queue", nil); code != "signed_out" {
		t.Errorf("a barred member: %s", code)
	}
	admin.must("POST", "/moderators/"+id+"/reset", struct{}{}, nil)
}

func TestGuessing(t *testing.T) {
	w := newWorld(t)
	if _, _, _, err := w.door.Add(t.Context(), staff.CLI, "ann", staff.Admin); err != nil {
		t.Fatal(err)
	}
	guess := func(b *browser, name string) string {
		return b.fails("POST", "/sign-in/password", map[string]string{"name": name, "password": "wrong wrong wrong"})
	}
	// Whoever guesses learns nothing from the answer: not whether there is such a member, not whether he may sign in.
	known, unknown := w.browser(), w.browser()
	known.remote, unknown.remote = "192.0.2.1:1", "192.0.2.2:1"
	guess(known, "ann")
	answer := known.got.Body.String()
	for _, name := range []string{"nobody", "", "ann'--"} {
		if guess(unknown, name); unknown.got.Body.String() != answer || unknown.got.Code != known.got.Code {
			t.Errorf("%q: %d %s, and a member's: %d %s", name, unknown.got.Code, unknown.got.Body, known.got.Code, answer)
		}
	}
	// One account from one network, then from others.
	tries := 1
	for ; guess(known, "ann") == "wrong" && tries < 100; tries++ {
	}
	if tries != 5 || known.got.Header().Get("Retry-After") == "" {
		t.Errorf("%d guesses of one account from one network, want 5", tries)
	}
	other := w.browser()
	for i := range 100 {
		other.remote = "192.0.2.3:1"
		if i >= 1 {
			other.remote = "192.0.2.4:1"
		}
		if guess(other, "ann") != "wrong" {
			if tries+i != 8 {
				t.Errorf("%d guesses of one account from everywhere, want 8", tries+i)
			}
			break
		}
	}
	// Another account is not locked out with it.
	if code := guess(other, "bob"); code != "wrong" {
		t.Errorf("another account from there: %s", code)
	}
}
