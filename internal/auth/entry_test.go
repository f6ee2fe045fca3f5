package auth_test

import (
	"errors"
	"testing"
	"time"

	"passerby/internal/auth"
)

func TestEntry(t *testing.T) {
	now := time.Unix(1796040000, 0)
	clock := func() time.Time { return now }
	key := []byte("0123456789abcdef0123456789abcdef")
	tk, err := auth.NewTokens(key, clock)
	if err != nil {
		t.Fatal(err)
	}
	token, err := tk.IssueEntry(auth.Entry{User: "u", Age: auth.Adult, Said: auth.Said{Name: "Ann"}, Expires: now.Add(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	e, err := tk.VerifyEntry(token)
	if err != nil || e.User != "u" || e.ID == "" || e.Said.Name != "Ann" || e.Age != auth.Adult {
		t.Errorf("%+v, %v", e, err)
	}
	session, _, _ := tk.Issue(auth.Claims{User: "u", Session: "s"})
	other, _ := auth.NewTokens([]byte("another key of at least 32 bytes!!"), clock)
	for name, forged := range map[string]string{"a session's": session, "changed": token[:len(token)-2] + "xx", "empty": "", "cut": token[:20]} {
		if _, err := tk.VerifyEntry(forged); !errors.Is(err, auth.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := other.VerifyEntry(token); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("another server's: %v", err)
	}
	if _, err := tk.Verify(token); !errors.Is(err, auth.ErrInvalid) {
		t.Errorf("it opens a session by itself: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := tk.VerifyEntry(token); !errors.Is(err, auth.ErrExpired) {
		t.Errorf("an old one: %v", err)
	}
}
