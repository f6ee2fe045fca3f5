package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"passerby/internal/caller"
	"passerby/internal/httpapi"
	"passerby/internal/limit"
	"passerby/signaling/protocol"
)

func handler(change func(*httpapi.Config)) http.Handler {
	sessions := limit.New(5, 50, 1000)
	c := httpapi.Config{
		NewSession: func(*http.Request, netip.Prefix, protocol.SessionRequest) (string, time.Time, error) {
			return "token", time.Unix(1800000000, 0), nil
		},
		Appeal: func(_ context.Context, _ netip.Prefix, req protocol.AppealRequest) error {
			if req.Token != "good" {
				return &httpapi.Refusal{Err: protocol.Errorf(protocol.TokenInvalid, "no")}
			}
			return nil
		},
		ICEServers:     func() []protocol.ICEServer { return []protocol.ICEServer{{URLs: []string{"turn:x"}}} },
		Allow:          func(_ context.Context, network string) (bool, time.Duration) { return sessions.Allow(network) },
		Stats:          func() protocol.StatsAnswer { return protocol.StatsAnswer{Online: 3} },
		Draining:       func() bool { return false },
		WebSocket:      http.NotFoundHandler(),
		Web:            http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "page") }),
		AllowedOrigins: []string{"https://friend.example"},
		Logger:         slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&c)
	}
	return httpapi.New(c)
}

type request struct {
	method, path, body, origin, remote string
}

func do(h http.Handler, q request, forwarded ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	r.Host = "chat.example"
	if q.remote != "" {
		r.RemoteAddr = q.remote
	}
	if forwarded != nil {
		r.Header["X-Forwarded-For"] = forwarded
	}
	if q.origin != "" {
		r.Header.Set("Origin", q.origin)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestSession(t *testing.T) {
	adult := `{"adult": true}`
	for _, tt := range []struct {
		name   string
		q      request
		change func(*httpapi.Config)
		status int
		code   protocol.Code
	}{
		{"adult", request{"POST", "/v1/session", adult, "", ""}, nil, 200, ""},
		{"own page", request{"POST", "/v1/session", adult, "https://chat.example", ""}, nil, 200, ""},
		{"allowed page", request{"POST", "/v1/session", adult, "https://friend.example", ""}, nil, 200, ""},
		{"other page", request{"POST", "/v1/session", adult, "https://evil.example", ""}, nil, 403, protocol.OriginForbidden},
		{"opaque origin", request{"POST", "/v1/session", adult, "null", ""}, nil, 403, protocol.OriginForbidden},
		{"preflight", request{"OPTIONS", "/v1/session", "", "https://friend.example", ""}, nil, 204, ""},
		{"not adult", request{"POST", "/v1/session", `{"adult": false}`, "", ""}, nil, 403, protocol.AdultRequired},
		{"nothing said", request{"POST", "/v1/session", `{}`, "", ""}, nil, 403, protocol.AdultRequired},
		{"no JSON", request{"POST", "/v1/session", `adult`, "", ""}, nil, 400, protocol.BadRequest},
		{"a list", request{"POST", "/v1/session", `[]`, "", ""}, nil, 400, protocol.BadRequest},
		{"huge", request{"POST", "/v1/session", `{"x":"` + strings.Repeat("a", 5000) + `"}`, "", ""}, nil, 413, protocol.TooLarge},
		{"GET", request{"GET", "/v1/session", "", "", ""}, nil, 405, protocol.BadRequest},
		{"unknown", request{"GET", "/v1/nothing", "", "", ""}, nil, 404, protocol.BadRequest},
		{"banned", request{"POST", "/v1/session", adult, "", ""}, func(c *httpapi.Config) {
			c.NewSession = func(*http.Request, netip.Prefix, protocol.SessionRequest) (string, time.Time, error) {
				return "", time.Time{}, &httpapi.Refusal{Err: protocol.Errorf(protocol.Banned, "you are banned"), Ban: &protocol.Ban{Reason: "spam"}}
			}
		}, 403, protocol.Banned},
		{"appeal with another's token", request{"POST", "/v1/appeal", `{"token": "bad"}`, "", ""}, nil, 401, protocol.TokenInvalid},
		{"appeal of another page", request{"POST", "/v1/appeal", `{"token": "good"}`, "https://evil.example", ""}, nil, 403, protocol.OriginForbidden},
		{"no appeal", request{"POST", "/v1/appeal", `[]`, "", ""}, nil, 400, protocol.BadRequest},
		{"draining", request{"POST", "/v1/session", adult, "", ""}, func(c *httpapi.Config) { c.Draining = func() bool { return true } }, 503, protocol.Draining},
		{"broken", request{"POST", "/v1/session", adult, "", ""}, func(c *httpapi.Config) {
			c.NewSession = func(*http.Request, netip.Prefix, protocol.SessionRequest) (string, time.Time, error) {
				return "", time.Time{}, errors.New("secret detail")
			}
		}, 500, protocol.Internal},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := do(handler(tt.change), tt.q)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d: %s", w.Code, tt.status, w.Body)
			}
			if w.Code == 204 {
				return
			}
			var got struct {
				protocol.SessionAnswer
				protocol.ErrorAnswer
			}
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
			if tt.code == "" {
				if got.Token != "token" || len(got.ICEServers) != 1 || got.ExpiresAt != "2027-01-15T08:00:00Z" {
					t.Errorf("answer %s", w.Body)
				}
				return
			}
			if got.ErrorAnswer.Error == nil || got.ErrorAnswer.Error.Code != tt.code || strings.Contains(w.Body.String(), "secret detail") {
				t.Errorf("answer %s, want code %s", w.Body, tt.code)
			}
		})
	}
}

func TestSessionsAreLimitedByNetwork(t *testing.T) {
	h := handler(func(c *httpapi.Config) { c.Proxies = caller.Proxies{netip.MustParsePrefix("127.0.0.0/8")} })
	post := func(remote string, forwarded ...string) *httptest.ResponseRecorder {
		return do(h, request{method: "POST", path: "/v1/session", body: `{"adult": true}`, remote: remote}, forwarded...)
	}
	limited := func(remote string, forwarded ...string) bool {
		for range 200 {
			if w := post(remote, forwarded...); w.Code == 429 {
				if w.Header().Get("Retry-After") == "" {
					t.Error("429 does not say when to try again")
				}
				return true
			}
		}
		return false
	}
	if !limited("203.0.113.1:1") {
		t.Error("one address could make 200 sessions at once")
	}
	if post("203.0.113.2:1").Code != 200 {
		t.Error("another address is limited too")
	}
	if !limited("[2001:db8::1]:1") || post("[2001:db8::2]:1").Code != 429 || post("[2001:db8:0:1::2]:1").Code != 200 {
		t.Error("an IPv6 /64 must count as one network")
	}
	if limited("127.0.0.1:1") {
		t.Error("the operator on the machine itself is limited")
	}
	if !limited("127.0.0.1:1", "198.51.100.1") || post("127.0.0.1:1", "198.51.100.2").Code != 200 {
		t.Error("behind a proxy each address must count for itself")
	}
	if post("127.0.0.1:1", "192.0.2.1, 198.51.100.1").Code != 429 || post("198.51.100.1:1", "192.0.2.2").Code != 429 {
		t.Error("a client got out of its limit by what it wrote into X-Forwarded-For")
	}
}

func TestAppeal(t *testing.T) {
	w := do(handler(nil), request{method: "POST", path: "/v1/appeal", body: `{"token": "good", "text": "x"}`})
	if w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{"appeal":"open"}` {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
