package auth_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"passerby/internal/auth"
)

func tokens(t *testing.T, key byte, now *time.Time) *auth.Tokens {
	t.Helper()
	tk, err := auth.NewTokens(bytes.Repeat([]byte{key}, 32), func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func TestToken(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tk := tokens(t, 1, &now)
	token, expires, err := tk.Issue(auth.Claims{User: "user", Session: "session", Pool: "minors"})
	if err != nil || !expires.Equal(now.Add(auth.TTL)) {
		t.Fatalf("Issue: expires %v, %v", expires, err)
	}
	if c, err := tk.Verify(token); err != nil || c.User != "user" || c.Session != "session" || !c.Expires.Equal(expires) {
		t.Errorf("Verify = %+v, %v", c, err)
	}
	if _, err := tokens(t, 2, &now).Verify(token); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("another server's key: %v", err)
	}
	now = now.Add(auth.TTL + time.Second)
	if c, err := tk.Verify(token); !errors.Is(err, auth.ErrExpired) || c.Session != "session" {
		t.Errorf("after its time: %+v, %v", c, err)
	}
	if c, err := tokens(t, 2, &now).Verify(token); !errors.Is(err, auth.ErrInvalid) || c.Session != "" {
		t.Errorf("expired and forged: %+v, %v: the claims must not be returned", c, err)
	}
}

func TestForgedTokens(t *testing.T) {
	now := time.Now()
	key := bytes.Repeat([]byte{1}, 32)
	tk := tokens(t, 1, &now)
	sign := func(m jwt.SigningMethod, key any, claims jwt.MapClaims) string {
		s, err := jwt.NewWithClaims(m, claims).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := jwt.MapClaims{"iss": "passerby", "sub": "u", "sid": "s", "exp": now.Add(time.Hour).Unix()}
	without := func(k string) jwt.MapClaims {
		c := jwt.MapClaims{}
		for n, v := range good {
			if n != k {
				c[n] = v
			}
		}
		return c
	}
	if _, err := tk.Verify(sign(jwt.SigningMethodHS256, key, good)); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	for name, token := range map[string]string{
		"none":       sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good),
		"HS512":      sign(jwt.SigningMethodHS512, key, good),
		"no user":    sign(jwt.SigningMethodHS256, key, without("sub")),
		"no session": sign(jwt.SigningMethodHS256, key, without("sid")),
		"no expiry":  sign(jwt.SigningMethodHS256, key, without("exp")),
		"no issuer":  sign(jwt.SigningMethodHS256, key, without("iss")),
		"empty":      "",
		"dots":       "..",
		"huge":       strings.Repeat("a", auth.MaxToken+1),
	} {
		if _, err := tk.Verify(token); !errors.Is(err, auth.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	now := time.Unix(1800000000, 0)
	tk, _ := auth.NewTokens(bytes.Repeat([]byte{1}, 32), func() time.Time { return now })
	good, _, _ := tk.Issue(auth.Claims{User: "u", Session: "s"})
	f.Add(good)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := tk.Verify(token); err == nil && token != good {
			t.Errorf("accepted %q", token)
		}
	})
}

func TestKeysSurviveARestartAndARace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	var wg sync.WaitGroup
	got := make([]auth.Keys, 8)
	for i := range got {
		wg.Go(func() {
			k, err := auth.LoadKeys(dir)
			if err != nil {
				t.Error(err)
			}
			got[i] = k
		})
	}
	wg.Wait()
	again, err := auth.LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range got {
		if !bytes.Equal(k.Token, again.Token) || k.TURN != again.TURN {
			t.Errorf("process %d has other keys", i)
		}
	}
	if fi, err := os.Stat(filepath.Join(dir, "root.key")); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("root.key: %v, %v", fi.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "root.key"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadKeys(dir); err == nil {
		t.Error("a damaged root key was accepted")
	}
}
