package console_test

import (
	"net/http"
	"strings"
	"testing"

	"passerby/internal/console"
	"passerby/internal/staff"
)

// least is who may use which address: "" somebody not signed in, "setup" with an incomplete account, else the least role.
var least = map[string]string{
	"GET /session": "", "POST /sign-in/password": "", "POST /sign-in/code": "", "POST /sign-in/passkey": "", "POST /sign-in/passkey/finish": "", "POST /sign-in/oidc": "",

	"POST /sign-out": "setup", "GET /account": "setup", "POST /account/password": "setup", "POST /account/code": "setup", "POST /account/code/finish": "setup",
	"POST /account/passkey": "setup", "POST /account/passkey/finish": "setup", "DELETE /account/passkey/{id}": "setup",

	"GET /figures": "viewer", "GET /queue": "viewer", "GET /people/{id}": "viewer", "GET /reports/{id}/evidence/{piece}": "viewer", "GET /bans": "viewer",
	"GET /appeals": "viewer", "GET /colleagues": "viewer",

	"POST /people/{id}/claim": "moderator", "DELETE /people/{id}/claim": "moderator", "POST /people/{id}/decide": "moderator", "POST /undo": "moderator",
	"POST /bans/{id}/lift": "moderator", "POST /appeals/{id}/answer": "moderator",

	"GET /audit": "admin", "POST /audit/verify": "admin", "GET /moderators": "admin", "POST /moderators": "admin", "POST /moderators/{id}": "admin",
	"POST /moderators/{id}/reset": "admin",
}

var ranks = []string{"", "setup", "viewer", "moderator", "admin"}

func rank(name string) int {
	for i, r := range ranks {
		if r == name {
			return i
		}
	}
	return -1
}

func TestWhoMayUseWhat(t *testing.T) {
	if len(console.Routes()) != len(least) {
		t.Errorf("%d addresses, %d in this table", len(console.Routes()), len(least))
	}
	w := newWorld(t)
	people := map[string]func(name string) *browser{
		"":          func(string) *browser { return w.browser() },
		"setup":     func(n string) *browser { b, _ := w.member(n, staff.Admin, staff.Setup); return b },
		"viewer":    func(n string) *browser { b, _ := w.member(n, staff.Viewer, staff.Full); return b },
		"moderator": func(n string) *browser { b, _ := w.member(n, staff.Moderator, staff.Full); return b },
		"admin":     func(n string) *browser { b, _ := w.member(n, staff.Admin, staff.Full); return b },
	}
	n := 0
	for pattern := range console.Routes() {
		need, listed := least[pattern]
		if !listed {
			t.Errorf("%s is not in this table", pattern)
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{id}", "nobody", "{piece}", "none").Replace(path)
		for _, who := range ranks {
			n++
			b := people[who](strings.Repeat("n", 2+n/26) + string(rune('a'+n%26)))
			var body any
			if method != http.MethodGet {
				body = struct{}{}
			}
			refused := ""
			if b.ask(method, path, body, nil) >= 400 {
				for _, code := range []string{"signed_out", "setup_required", "forbidden"} {
					if strings.Contains(b.got.Body.String(), `"`+code+`"`) {
						refused = code
					}
				}
			}
			want := ""
			switch {
			case rank(who) >= rank(need):
			case who == "":
				want = "signed_out"
			case who == "setup":
				want = "setup_required"
			default:
				want = "forbidden"
			}
			if refused != want {
				t.Errorf("%s as %q: refused %q, want %q: %d %s", pattern, who, refused, want, b.got.Code, b.got.Body)
			}
		}
	}
}

func TestOtherPagesGetNothing(t *testing.T) {
	w := newWorld(t)
	admin, _ := w.member("admin", staff.Admin, staff.Full)
	for name, header := range map[string]map[string]string{
		"another site":           {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
		"another site, no fetch": {"Origin": "https://evil.example", "Sec-Fetch-Site": ""},
		"an opaque page":         {"Origin": "null", "Sec-Fetch-Site": ""},
		"a sister's name":        {"Origin": "https://other.example", "Sec-Fetch-Site": "same-site"},
		"a picture of it":        {"Origin": "", "Sec-Fetch-Site": "cross-site"},
		"a longer name":          {"Origin": "https://chat.example.evil", "Sec-Fetch-Site": ""},
	} {
		admin.header = header
		for pattern := range console.Routes() {
			method, path, _ := strings.Cut(pattern, " ")
			if code := admin.fails(method, path, nil); code != "origin_forbidden" {
				t.Errorf("%s: %s: %s", name, pattern, code)
			}
			h := admin.got.Header()
			if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Set-Cookie") != "" {
				t.Errorf("%s: %s: headers %v", name, pattern, h)
			}
		}
	}
	admin.header = map[string]string{"Origin": "https://chat.example", "Content-Type": "text/plain"} // what a form of another page can send
	if code := admin.fails("POST", "/moderators", map[string]string{"name": "eve", "role": "admin"}); code != "bad_request" {
		t.Errorf("a body that is not JSON: %s", code)
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for name, body := range map[string]any{
		"a list": []int{}, "a number": 1, "an unknown field": map[string]string{"nam": "x"}, "a wrong type": map[string]int{"name": 1}, "null as name": "x",
	} {
		if code := b.fails("POST", "/sign-in/password", body); code != "bad_request" {
			t.Errorf("%s: %s", name, code)
		}
	}
	if code := b.fails("POST", "/sign-in/password", map[string]string{"name": strings.Repeat("x", 40<<10)}); code != "too_large" {
		t.Errorf("huge: %s", code)
	}
	if code := b.fails("GET", "/nothing", nil); code != "not_found" {
		t.Errorf("unknown address: %s", code)
	}
	if code := b.fails("PUT", "/queue", nil); code != "not_found" {
		t.Errorf("unknown method: %s", code)
	}
}
