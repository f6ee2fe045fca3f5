package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// Keys seal and open. The zero value has none: it seals nothing.
type Keys struct {
	first string
	byID  map[string]cipher.AEAD
}

const (
	keyBytes = 32
	idMost   = 32
)

// ParseKeys reads keys in the form ID:BASE64 of 32 bytes, the one that seals first.
func ParseKeys(list []string) (Keys, error) {
	k := Keys{byID: map[string]cipher.AEAD{}}
	for i, text := range list {
		id, secret, _ := strings.Cut(text, ":")
		raw, err := base64.StdEncoding.DecodeString(secret)
		if err != nil || len(raw) != keyBytes || id == "" || len(id) > idMost || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return Keys{}, fmt.Errorf("key %d is not like 2026-a:BASE64, with a name of small letters, digits and - and the base64 of 32 random bytes, as made by: openssl rand -base64 32", i+1)
		}
		if k.byID[id] != nil {
			return Keys{}, fmt.Errorf("two keys are called %s", id)
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return Keys{}, err
		}
		if k.byID[id], err = cipher.NewGCM(block); err != nil {
			return Keys{}, err
		}
		if i == 0 {
			k.first = id
		}
	}
	return k, nil
}

// On says whether anything is sealed.
func (k Keys) On() bool { return k.first != "" }

// Missing is that something was sealed under a key that is not here, or was changed.
type Missing struct{ ID string }

func (m Missing) Error() string {
	return fmt.Sprintf("sealed under the key %q, which evidence-keys does not hold", m.ID)
}

var errChanged = errors.New("sealed, and changed since")

// seal answers n, key id, nonce and ciphertext.
func (k Keys) seal(plain, place []byte) []byte {
	aead := k.byID[k.first]
	out := append([]byte{byte(len(k.first))}, k.first...)
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails
	out = append(out, nonce...)
	return aead.Seal(out, nonce, plain, place)
}

func (k Keys) open(sealed, place []byte) ([]byte, error) {
	if len(sealed) == 0 || len(sealed) < 1+int(sealed[0]) {
		return nil, errChanged
	}
	id, rest := string(sealed[1:1+sealed[0]]), sealed[1+sealed[0]:]
	aead := k.byID[id]
	if aead == nil {
		return nil, Missing{id}
	}
	if len(rest) < aead.NonceSize() {
		return nil, errChanged
	}
	plain, err := aead.Open(nil, rest[:aead.NonceSize()], rest[aead.NonceSize():], place)
	if err != nil {
		return nil, errChanged
	}
	return plain, nil
}

// The marks of what is sealed, and of what only looks like it.
const (
	bytesMark = "\x00pse"
	textMark  = "sealed:"
)

// sealBytes seals a body.
func (k Keys) sealBytes(body, place []byte) []byte {
	switch {
	case k.On():
		return append([]byte(bytesMark+"1"), k.seal(body, place)...)
	case strings.HasPrefix(string(body), bytesMark): // somebody makes his evidence look sealed
		return append([]byte(bytesMark+"0"), body...)
	}
	return body
}

func (k Keys) openBytes(body, place []byte) ([]byte, error) {
	rest, ok := strings.CutPrefix(string(body), bytesMark)
	switch {
	case !ok:
		return body, nil
	case strings.HasPrefix(rest, "0"):
		return []byte(rest[1:]), nil
	case strings.HasPrefix(rest, "1"):
		return k.open([]byte(rest[1:]), place)
	}
	return nil, errChanged
}

// sealText is sealBytes of what a column of text holds; nothing stays nothing.
func (k Keys) sealText(text string, place []byte) string {
	switch {
	case text == "":
		return ""
	case k.On():
		return textMark + "1:" + base64.RawURLEncoding.EncodeToString(k.seal([]byte(text), place))
	case strings.HasPrefix(text, textMark):
		return textMark + "0:" + text
	}
	return text
}

func (k Keys) openText(text string, place []byte) (string, error) {
	rest, ok := strings.CutPrefix(text, textMark)
	if !ok {
		return text, nil
	}
	if plain, ok := strings.CutPrefix(rest, "0:"); ok {
		return plain, nil
	}
	rest, _ = strings.CutPrefix(rest, "1:")
	raw, err := base64.RawURLEncoding.DecodeString(rest)
	if err != nil {
		return "", errChanged
	}
	plain, err := k.open(raw, place)
	return string(plain), err
}
