package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/httpapi"
	"passerby/signaling/protocol"
)

const apiKey, formerKey = "the key of this month", "the key of last month"

func minting(draining bool) http.Handler {
	return httpapi.NewCredentials(httpapi.Credentials{
		Keys: []string{apiKey, formerKey}, Longest: 2 * time.Hour, Draining: func() bool { return draining },
		Mint: func(user string, ttl time.Duration) []protocol.ICEServer {
			return []protocol.ICEServer{{URLs: []string{"turn:x"}, Username: user, Credential: ttl.String()}}
		},
	})
}

// mint asks for credentials with an Authorization header, from an address.
func mint(h http.Handler, authorization, body, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/credentials", strings.NewReader(body))
	r.Header.Set("Authorization", authorization)
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestMinting(t *testing.T) {
	const good = "Bearer " + apiKey
	for _, tt := range []struct {
		name, authorization, body string
		status                    int
		want                      string // in the answer
	}{
		{"an hour by default", good, `{"user": "ada"}`, 200, `{"iceServers":[{"urls":["turn:x"],"username":"ada","credential":"1h0m0s"}],"ttl":3600,"expiresAt":"2000-01-01T01:00:00Z"}`},
		{"as long as asked", good, `{"user": "ada", "ttl": 7200, "more": 1}`, 200, `"ttl":7200,"expiresAt":"2000-01-01T02:00:00Z"`},
		{"the former key", "bearer " + formerKey, `{"user": "ada"}`, 200, "ada"},
		{"longer than allowed", good, `{"user": "ada", "ttl": 7201}`, 400, "ttl must be 1 to 7200 seconds"},
		{"a ttl of nothing", good, `{"user": "ada", "ttl": 0}`, 400, "ttl must be 1 to 7200 seconds"},
		{"a ttl before now", good, `{"user": "ada", "ttl": -1}`, 400, "ttl must be 1 to 7200 seconds"},
		{"a ttl that overflows", good, `{"user": "ada", "ttl": 9300000000}`, 400, "ttl must be 1 to 7200 seconds"},
		{"a ttl in words", good, `{"user": "ada", "ttl": "1h"}`, 400, "the ttl in seconds"},
		{"nobody", good, `{}`, 400, "user must be a name"},
		{"too long a name", good, `{"user": "` + strings.Repeat("a", 129) + `"}`, 400, "user must be a name"},
		{"a name of two lines", good, `{"user": "a\nb"}`, 400, "user must be a name"},
		{"not JSON", good, "user=ada", 400, "must be a JSON object"},
		{"a list", good, "[]", 400, "must be a JSON object"},
		{"huge", good, `{"user": "` + strings.Repeat("a", 5000) + `"}`, 413, "over 4096 bytes"},
		{"no key", "", `{"user": "ada"}`, 401, "the API key is missing or wrong"},
		{"a wrong key", "Bearer the key of nobody", `{"user": "ada"}`, 401, "the API key is missing or wrong"},
		{"the beginning of a key", "Bearer the key of", `{"user": "ada"}`, 401, "the API key is missing or wrong"},
		{"another scheme", "Basic " + apiKey, `{"user": "ada"}`, 401, "the API key is missing or wrong"},
		{"nothing but the scheme", "Bearer ", `{"user": "ada"}`, 401, "the API key is missing or wrong"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := mint(minting(false), tt.authorization, tt.body, "203.0.113.7:1")
				if w.Code != tt.status || !json.Valid(w.Body.Bytes()) || !strings.Contains(w.Body.String(), tt.want) {
					t.Errorf("%d %s, want %d %s", w.Code, w.Body, tt.status, tt.want)
				}
				if w.Header().Get("Cache-Control") != "no-store" || strings.Contains(w.Body.String(), "the key of") {
					t.Errorf("the answer may be kept, or holds a key: %v %s", w.Header(), w.Body)
				}
			})
		})
	}
	if w := mint(minting(true), good, `{"user": "ada"}`, "203.0.113.7:1"); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("draining: %d %v", w.Code, w.Header())
	}
}

// A page gets neither credentials nor leave to read an answer: its preflight is refused, with a sentence.
func TestMintingIsNotForPages(t *testing.T) {
	for method, path := range map[string]string{"OPTIONS": "/v1/credentials", "GET": "/v1/credentials", "POST": "/v1/credentials?key=" + strings.ReplaceAll(apiKey, " ", "+"), "PUT": "/"} {
		r := httptest.NewRequest(method, path, strings.NewReader(`{"user": "ada"}`))
		r.Header.Set("Origin", "https://app.example.org")
		w := httptest.NewRecorder()
		minting(false).ServeHTTP(w, r)
		b, _ := io.ReadAll(w.Body)
		if w.Code < 400 || w.Header().Get("Access-Control-Allow-Origin") != "" || !json.Valid(b) {
			t.Errorf("%s %s: %d %v %s", method, path, w.Code, w.Header(), b)
		}
	}
}

// Keys that are tried are limited by address, and do not lock out who has one; a key is limited by itself.
func TestMintingIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := minting(false)
		limited := func(authorization, from string, tries int) bool {
			for range tries {
				if w := mint(h, authorization, `{"user": "ada"}`, from); w.Code == 429 {
					if w.Header().Get("Retry-After") == "" {
						t.Error("429 does not say when to try again")
					}
					return true
				}
			}
			return false
		}
		const guess = "Bearer 0123456789abcdef"
		if limited(guess, "203.0.113.7:1", 20) || !limited(guess, "203.0.113.7:1", 1) {
			t.Error("an address has 20 guesses at once")
		}
		if limited(guess, "203.0.113.8:1", 1) || limited("Bearer "+apiKey, "203.0.113.7:1", 1) {
			t.Error("the limit of one address touches another, or a valid key")
		}
		if !limited("Bearer "+apiKey, "203.0.113.7:1", 1001) || limited("Bearer "+formerKey, "203.0.113.7:1", 1) {
			t.Error("a key has 1000 calls at once, and only that key is limited")
		}
		time.Sleep(time.Second)
		if limited(guess, "203.0.113.7:1", 1) || limited("Bearer "+apiKey, "203.0.113.7:1", 200) {
			t.Error("the limits do not end")
		}
	})
}
