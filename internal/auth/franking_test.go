package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"passerby/internal/auth"
)

func TestFrankBindsEveryPart(t *testing.T) {
	k, err := auth.LoadKeys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := bytes.Repeat([]byte{7}, 32)
	tag := k.Frank("m", "s", 1, 2, c)
	if !k.Franked(tag, "m", "s", 1, 2, c) {
		t.Error("the tag itself is refused")
	}
	for name, ok := range map[string]bool{
		"match": k.Franked(tag, "m2", "s", 1, 2, c), "sender": k.Franked(tag, "m", "s2", 1, 2, c), "n": k.Franked(tag, "m", "s", 2, 2, c),
		"at": k.Franked(tag, "m", "s", 1, 3, c), "commitment": k.Franked(tag, "m", "s", 1, 2, c[:31]), "a short tag": k.Franked(tag[:16], "m", "s", 1, 2, c), "no tag": k.Franked(nil, "m", "s", 1, 2, c),
	} {
		if ok {
			t.Errorf("%s is not in the tag", name)
		}
	}
}

// An operator moves root.key to root.key.old and restarts: what people hold stays good, and what comes is signed anew.
func TestRotation(t *testing.T) {
	dir := t.TempDir()
	before, err := auth.LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "root.key"), filepath.Join(dir, "root.key.old")); err != nil {
		t.Fatal(err)
	}
	after, err := auth.LoadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := bytes.Repeat([]byte{7}, 32)
	old := before.Frank("m", "s", 1, 2, c)
	if !after.Franked(old, "m", "s", 1, 2, c) || after.Franked(old, "m", "s", 1, 3, c) {
		t.Error("a text of before the rotation cannot be proven, or a forged one can")
	}
	if fresh := after.Frank("m", "s", 1, 2, c); bytes.Equal(fresh, old) || !after.Franked(fresh, "m", "s", 1, 2, c) || before.Franked(fresh, "m", "s", 1, 2, c) {
		t.Error("the new key is not the one that signs")
	}
	issue := func(key []byte, old ...[]byte) *auth.Tokens {
		tk, err := auth.NewTokens(key, time.Now, old...)
		if err != nil {
			t.Fatal(err)
		}
		return tk
	}
	token, _, err := issue(before.Token, before.OldToken()).Issue(auth.Claims{User: "u", Session: "s"})
	if err != nil {
		t.Fatal(err)
	}
	rotated := issue(after.Token, after.OldToken())
	if _, err := rotated.Verify(token); err != nil {
		t.Errorf("a token of before: %v", err)
	}
	fresh, _, _ := rotated.Issue(auth.Claims{User: "u", Session: "s"})
	if _, err := issue(before.Token).Verify(fresh); err == nil {
		t.Error("the new tokens are signed with the old key")
	}
	if err := os.WriteFile(filepath.Join(dir, "root.key.old"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.LoadKeys(dir); err == nil {
		t.Error("a damaged old root key was accepted")
	}
}
