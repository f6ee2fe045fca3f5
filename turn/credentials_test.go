package turn_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"passerby/turn"
)

func TestCredentials(t *testing.T) {
	now := time.Unix(1893452400, 0)
	username, password := turn.Credentials("north", "ada", time.Hour, now)
	// The password was computed by another implementation of HMAC.
	if username != "1893456000:ada" || password != "A0DNf16by58KaWAwAe4TV36DNwI=" {
		t.Errorf("got %q %q", username, password)
	}
	tests := []struct {
		name                       string
		secret, username, password string
		at                         time.Time
		want                       error
	}{
		{"good", "north", username, password, now, nil},
		{"to the last second", "north", username, password, now.Add(time.Hour - 1), nil},
		{"expired", "north", username, password, now.Add(time.Hour), turn.ErrExpired},
		{"another secret", "south", username, password, now, turn.ErrPassword},
		{"somebody else's password", "north", "1893456000:ben", password, now, turn.ErrPassword},
		{"a later expiry", "north", "1993456000:ada", password, now, turn.ErrPassword},
		{"no password", "north", username, "", now, turn.ErrPassword},
		{"wrong and expired says wrong", "north", username, "", now.Add(2 * time.Hour), turn.ErrPassword},
		{"no expiry", "north", "ada", password, now, turn.ErrUsername},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			name, err := turn.Verify(tt.secret, tt.username, tt.password, tt.at)
			if !errors.Is(err, tt.want) || err == nil && name != "ada" {
				t.Errorf("got %q, %v; want %v", name, err, tt.want)
			}
		})
	}
}

func TestParseUsername(t *testing.T) {
	tests := []struct {
		in      string
		expires int64
		name    string
		ok      bool
	}{
		{"1893456000:ada", 1893456000, "ada", true},
		{"1893456000:", 1893456000, "", true},
		{"1893456000", 1893456000, "", true},
		{"1893456000:a:b", 1893456000, "a:b", true},
		{"0:ada", 0, "ada", true},
		{"", 0, "", false},
		{":ada", 0, "", false},
		{"ada", 0, "", false},
		{"-5:ada", 0, "", false},
		{"+5:ada", 0, "", false},
		{"1e9:ada", 0, "", false},
		{" 5:ada", 0, "", false},
		{"٥:ada", 0, "", false},
		{"9999999999999:ada", 0, "", false},
		{"5:a\nb", 0, "", false},
		{"5:a\x00", 0, "", false},
		{"5:" + strings.Repeat("a", 255), 0, "", false},
	}
	for _, tt := range tests {
		expires, name, err := turn.ParseUsername(tt.in)
		if ok := err == nil; ok != tt.ok || ok && (expires.Unix() != tt.expires || name != tt.name) {
			t.Errorf("%q: %v %q %v", tt.in, expires, name, err)
		}
	}
}

// Whatever a client calls itself: no panic, and what is accepted is what Credentials would have made.
func FuzzParseUsername(f *testing.F) {
	for _, s := range []string{"1893456000:ada", "1893456000", "0:", ":", "99999999999999999999:x", "5:a:b", "\xff:\xff", "12:\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		expires, name, err := turn.ParseUsername(s)
		if err != nil {
			if !errors.Is(err, turn.ErrUsername) {
				t.Fatal(err)
			}
			return
		}
		digits, rest, _ := strings.Cut(s, ":")
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n != expires.Unix() || rest != name || strings.ContainsAny(name, "\x00\r\n") {
			t.Fatalf("%q became %v %q", s, expires, name)
		}
	})
}
