package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Scopes are what a key may be good for.
var Scopes = []string{"sessions", "figures", "bans"}

// Key is a key as the settings hold it.
type Key struct {
	Name   string
	Scopes []string
	Hash   [sha256.Size]byte
}

var name = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// ParseKey reads NAME:SCOPE+SCOPE:HASH.
func ParseKey(s string) (Key, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Key{}, errors.New("no key: write the line that passerby apikey prints, like shop:sessions+figures:9f86d0…")
	}
	k := Key{Name: parts[0], Scopes: strings.Split(parts[1], "+")}
	if err := k.check(); err != nil {
		return Key{}, err
	}
	hash, err := hex.DecodeString(parts[2])
	if err != nil || len(hash) != len(k.Hash) {
		return Key{}, fmt.Errorf("the key %s has no hash of 64 hexadecimal digits: write the line that passerby apikey prints", k.Name)
	}
	copy(k.Hash[:], hash)
	return k, nil
}

func (k Key) check() error {
	if !name.MatchString(k.Name) {
		return errors.New("the name of a key has small letters, digits and dashes, and begins with a letter")
	}
	for _, s := range k.Scopes {
		if !slices.Contains(Scopes, s) {
			return fmt.Errorf("the key %s cannot have the scope %q: there are %s", k.Name, s, strings.Join(Scopes, ", "))
		}
	}
	return nil
}

// String is what ParseKey reads.
func (k Key) String() string {
	return k.Name + ":" + strings.Join(k.Scopes, "+") + ":" + hex.EncodeToString(k.Hash[:])
}

// MakeKey makes a key: the text is for the app, the Key for the settings.
func MakeKey(name string, scopes []string) (text string, k Key, err error) {
	k = Key{Name: name, Scopes: scopes}
	if err := k.check(); err != nil {
		return "", k, err
	}
	var secret [32]byte
	_, _ = rand.Read(secret[:])
	text = name + "_" + hex.EncodeToString(secret[:])
	k.Hash = sha256.Sum256([]byte(text)) // of 256 random bits: no slow hash makes that harder to guess
	return text, k, nil
}

// find answers the key that a text is. It looks at all keys, in a time that says nothing of them.
func find(keys []Key, text string) (found Key, ok bool) {
	given := sha256.Sum256([]byte(text))
	for _, k := range keys {
		if subtle.ConstantTimeCompare(given[:], k.Hash[:]) == 1 {
			found, ok = k, true
		}
	}
	return found, ok
}
