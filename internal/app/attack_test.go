package app_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"passerby/signaling/protocol"
)

// The operator's pages are on the operator's listener alone, however the path is written.
func TestAdminIsNotPublic(t *testing.T) {
	url, _ := run(t, local(t))
	for _, path := range []string{
		"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline", "/debug/vars",
		"/v1/metrics", "//metrics", "/./metrics", "/assets/../metrics", "/%6detrics", "/METRICS", "/metrics/", "/v1/../metrics", "/root.key", "/data/root.key", "/..%2froot.key", "/.git/config",
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode < 300 || strings.Contains(string(b), "passerby_") || strings.Contains(string(b), "goroutine") {
			t.Errorf("%s: %d %.80q", path, res.StatusCode, b)
		}
	}
}

// Every answer of the public listener is one that no browser frames, sniffs or runs as something else; no page has a script or style inline.
func TestEveryAnswerIsHardened(t *testing.T) {
	url, _ := run(t, local(t))
	inline := regexp.MustCompile(`(?is)<script(?:\s[^>]*)?>\s*[^<\s]|<style|\son[a-z]+\s*=|javascript:|\sstyle\s*=`)
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/", ""}, {"GET", "/index.html", ""}, {"GET", "/nothing", ""}, {"POST", "/", "x"}, {"GET", "/v1/stats", ""}, {"GET", "/v1/settings", ""},
		{"GET", "/v1/session", ""}, {"POST", "/v1/session", "{}"}, {"POST", "/v1/session", `{"adult": true}`}, {"GET", "/v1/ws", ""}, {"GET", "/v1/nothing", ""}, {"OPTIONS", "/v1/session", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		name := tt.method + " " + tt.path
		csp := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", name, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q is open", name, csp)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", name, res.Header)
		}
		if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") && inline.Match(b) {
			t.Errorf("%s: something inline: %.120q", name, inline.Find(b))
		}
		if server := res.Header.Get("Server"); server != "" {
			t.Errorf("%s: the server names itself: %q", name, server)
		}
	}
}

// Names of users and sessions are random and long enough that nobody guesses one: 26 letters of 5 bits.
func TestNamesCannotBeGuessed(t *testing.T) {
	url, _ := run(t, local(t))
	seen := map[string]bool{}
	for range 20 {
		res, err := http.Post(url+"/v1/session", "application/json", strings.NewReader(`{"adult": true}`))
		if err != nil {
			t.Fatal(err)
		}
		var got protocol.SessionAnswer
		err = json.NewDecoder(res.Body).Decode(&got)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.Token, ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims struct{ Sub, Sid string }
		if err := json.Unmarshal(payload, &claims); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{claims.Sub, claims.Sid} {
			if len(name) < 26 || seen[name] {
				t.Fatalf("%q is short, or not new", name)
			}
			seen[name] = true
		}
	}
}
