package app_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"passerby/internal/app"
	"passerby/signaling/habit"
)

// A program is asked for a puzzle on whichever network it comes from with its key. Behind its address others are, too, but not a person
// who has a history; he still gets nothing without his key's signature.
func TestStandingGoesWithTheDevice(t *testing.T) {
	c := local(t)
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	s, err := app.Start(c, &log{})
	if err != nil {
		t.Fatal(err)
	}
	untilEnd(t, s)
	bot, ann := bytes.Repeat([]byte{1}, 65), bytes.Repeat([]byte{2}, 65)
	school := netip.MustParsePrefix("203.0.113.7/32")
	s.Judged(t.Context(), ann, school, habit.Person)
	s.Judged(t.Context(), bot, school, habit.Program)
	for _, tt := range []struct {
		name, from string
		key        []byte
		want       int
	}{
		{"the program", "203.0.113.7", bot, http.StatusPreconditionRequired},
		{"the program, elsewhere", "198.51.100.9", bot, http.StatusPreconditionRequired},
		{"a newcomer behind its address", "203.0.113.7", bytes.Repeat([]byte{3}, 65), http.StatusPreconditionRequired},
		{"who has no key, behind its address", "203.0.113.7", nil, http.StatusPreconditionRequired},
		{"who says to be the person", "203.0.113.7", ann, http.StatusUnauthorized},
		{"who has no key, elsewhere", "198.51.100.9", nil, http.StatusOK},
	} {
		body := `{"adult": true}`
		if tt.key != nil {
			body = fmt.Sprintf(`{"adult": true, "device": {"key": %q}}`, base64.RawURLEncoding.EncodeToString(tt.key))
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/v1/session", strings.NewReader(body))
		req.Header.Set("X-Forwarded-For", tt.from)
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, answer.StatusCode, tt.want)
		}
	}
}
