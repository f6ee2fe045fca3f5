package doctor_test

import (
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"passerby/internal/doctor"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

// site answers each path with a page.
type site map[string]page

type page struct {
	status int
	text   string
}

func (s site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := s[r.URL.Path]
	if !ok {
		p.status = http.StatusNotFound
	}
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, p.text)
}

// What is wrong is said in a sentence, with a way to fix it; what depends on it is not tried.
func TestSentences(t *testing.T) {
	const session = `{"token": "t", "expires_at": "2030-01-01T00:00:00Z", "ice_servers": [], "limits": {}}`
	well := site{"/v1/stats": {200, `{"online": 0}`}, "/": {200, "<script src=x>"}, "/v1/session": {200, session}}
	with := func(path string, status int, text string) site {
		s := maps.Clone(well)
		s[path] = page{status, text}
		return s
	}
	for _, tt := range []struct {
		name  string
		site  http.Handler
		tls   bool
		url   func(string) string // nil: as it is
		check string              // the last one that was tried, which fails
		want  string
	}{
		{"another program", with("/v1/stats", 200, "hello"), false, nil, "server", "but it is not Passerby"},
		{"a proxy without a server", with("/v1/stats", 502, "Bad Gateway"), false, nil, "server", "with status 502: it is not Passerby, or a proxy in between"},
		{"http for https", well, true, func(u string) string { return strings.Replace(u, "https", "http", 1) }, "server", "write https:// instead of http://"},
		{"https for http", well, false, func(u string) string { return strings.Replace(u, "http", "https", 1) }, "server", "write http:// instead of https://"},
		{"a certificate of its own", well, true, nil, "certificate", "signed by itself"},
		{"limited", with("/v1/session", 429, `{"error": {"code": "rate_limited", "message": "too many new sessions from this network: wait a moment"}}`), false, nil,
			"session and WebSocket", "answered 429: too many new sessions"},
		{"no session", with("/v1/session", 500, "oops"), false, nil, "session and WebSocket", "the server answered 500"},
		{"a session that is none", with("/v1/session", 200, "oops"), false, nil, "session and WebSocket", "invalid character"},
		{"a proxy without Upgrade", with("/v1/ws", 400, "no"), false, nil, "session and WebSocket", "refused with status 400: a proxy in between must pass Upgrade on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := httptest.NewUnstartedServer(tt.site)
			s.Config.ErrorLog = log.New(io.Discard, "", 0)
			if tt.tls {
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			url := s.URL
			if tt.url != nil {
				url = tt.url(url)
			}
			var last doctor.Check
			doctor.Run(t.Context(), url, func(c doctor.Check) { last = c })
			if last.Name != tt.check || last.Err == nil || !strings.Contains(last.Err.Error(), tt.want) || last.Fix == "" {
				t.Errorf("%s: %v (fix: %s), want %s: … %s", last.Name, last.Err, last.Fix, tt.check, tt.want)
			}
		})
	}
}

// A binary without pages is told apart; the checks go on.
func TestPageIsMissing(t *testing.T) {
	s := httptest.NewServer(site{"/v1/stats": {200, `{"online": 0}`}, "/": {200, "not built"}})
	defer s.Close()
	said := map[string]error{}
	doctor.Run(t.Context(), s.URL, func(c doctor.Check) { said[c.Name] = c.Err })
	if err := said["page"]; err == nil || !strings.Contains(err.Error(), "without the web pages") || len(said) != 3 {
		t.Errorf("%v", said)
	}
}
