package auth_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"passerby/internal/auth"
)

func TestBanTokens(t *testing.T) {
	now := time.Now()
	tk, err := auth.NewTokens(make([]byte, 32), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	want := auth.Banned{User: "u", Ban: "b"}
	token, err := tk.IssueBan(want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tk.VerifyBan(token); err != nil || got != want {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := tk.Verify(token); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("it opens a session: %v", err)
	}
	session, _, _ := tk.Issue(auth.Claims{User: "u", Session: "s"})
	if _, err := tk.VerifyBan(session); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("a session's token appeals: %v", err)
	}
	now = now.Add(25 * time.Hour)
	if _, err := tk.VerifyBan(token); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("an old one: %v", err)
	}
}

func TestAge(t *testing.T) {
	secret := []byte("a secret of thirty-two characters")
	now := time.Now()
	sign := func(change func(jwt.MapClaims), key []byte) string {
		c := jwt.MapClaims{"aud": "passerby-age", "sub": "device", "age": "adult", "exp": now.Add(time.Hour).Unix()}
		change(c)
		s, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	same := func(jwt.MapClaims) {}
	for _, tt := range []struct {
		name, token string
		want        auth.Age
	}{
		{"an adult", sign(same, secret), auth.Adult},
		{"a minor", sign(func(c jwt.MapClaims) { c["age"] = "minor" }, secret), auth.Minor},
		{"another's", sign(func(c jwt.MapClaims) { c["sub"] = "other" }, secret), ""},
		{"for something else", sign(func(c jwt.MapClaims) { c["aud"] = "x" }, secret), ""},
		{"too old", sign(func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Hour).Unix() }, secret), ""},
		{"for ever", sign(func(c jwt.MapClaims) { delete(c, "exp") }, secret), ""},
		{"no age", sign(func(c jwt.MapClaims) { delete(c, "age") }, secret), ""},
		{"another secret", sign(same, []byte("another secret of 32 characters!!")), ""},
		{"nothing", "", ""},
	} {
		if got, err := auth.VerifyAge(tt.token, secret, "device", time.Now); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
	}
	if _, err := auth.VerifyAge(sign(func(c jwt.MapClaims) { c["sub"] = "" }, secret), secret, "", time.Now); err == nil {
		t.Error("a word about nobody counts for who has no device")
	}
}

func TestStoreKeysOutliveARotation(t *testing.T) {
	dir := t.TempDir()
	if _, err := auth.LoadKeys(dir); err != nil {
		t.Fatal(err)
	}
	before, err := auth.LoadStoreKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "root.key"), filepath.Join(dir, "root.key.old")); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadKeys(dir); err != nil {
		t.Fatal(err)
	}
	after, err := auth.LoadStoreKeys(dir)
	if err != nil || string(after.Identity) != string(before.Identity) || string(after.Audit) != string(before.Audit) {
		t.Errorf("another key after a rotation (%v)", err)
	}
	if string(before.Identity) == string(before.Audit) {
		t.Error("one key for two purposes")
	}
}
