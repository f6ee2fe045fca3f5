package auth

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TTL is how long a session token is valid.
const TTL = time.Hour

// MaxToken is the longest token that Verify looks at, in bytes.
const MaxToken = 2048

const issuer = "passerby"

var (
	// ErrInvalid says that a token was not issued by this server, or was changed.
	ErrInvalid = errors.New("auth: token is not valid")
	// ErrExpired says that a token was valid and is too old; Verify returns its claims all the same.
	ErrExpired = errors.New("auth: token has expired")
)

// Claims is what a token says.
type Claims struct {
	User    string
	Session string
	Pool    string // of ages
	Said    Said
	Expires time.Time
}

// Said is what the app that a user comes from says of him; all of it may be empty.
type Said struct {
	Name     string `json:"name,omitempty"`
	Tags     string `json:"tags,omitempty"` // separated by line ends
	Language string `json:"lang,omitempty"`
	Gender   string `json:"gender,omitempty"`
	Seeking  string `json:"seeking,omitempty"` // letters
}

// Tokens signs with one key, and verifies with that and those of before.
type Tokens struct {
	key   []byte
	known jwt.VerificationKeySet
	now   func() time.Time
}

// NewTokens returns Tokens that sign with key (at least 32 random bytes). A nil now is time.Now; an old key that is empty is none.
func NewTokens(key []byte, now func() time.Time, old ...[]byte) (*Tokens, error) {
	if len(key) < 32 {
		return nil, fmt.Errorf("auth: a key of %d bytes is too short: 32 at least", len(key))
	}
	if now == nil {
		now = time.Now
	}
	t := &Tokens{key: key, now: now}
	for _, k := range append([][]byte{key}, old...) {
		if len(k) > 0 {
			t.known.Keys = append(t.known.Keys, k)
		}
	}
	return t, nil
}

type wire struct {
	jwt.RegisteredClaims
	Session string `json:"sid"`
	Pool    string `json:"pool,omitempty"`
	Said    Said   `json:"said,omitzero"`
}

// Issue returns a token for the user's session, for TTL whatever c.Expires says, and the time at which it expires.
func (t *Tokens) Issue(c Claims) (string, time.Time, error) {
	now := t.now()
	expires := now.Add(TTL).Truncate(time.Second)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, wire{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: c.User, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Session: c.Session, Pool: c.Pool, Said: c.Said,
	}).SignedString(t.key)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth: sign: %w", err)
	}
	return token, expires, nil
}

// Verify checks a token's signature and time. With ErrExpired the claims are valid but old: a resume may still use them.
func (t *Tokens) Verify(token string) (Claims, error) {
	if len(token) > MaxToken {
		return Claims{}, ErrInvalid
	}
	var w wire
	_, err := jwt.ParseWithClaims(token, &w, func(*jwt.Token) (any, error) { return t.known, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(issuer),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(t.now))
	expired := errors.Is(err, jwt.ErrTokenExpired)
	if (err != nil && !expired) || w.Subject == "" || w.Session == "" || w.Issuer != issuer {
		return Claims{}, ErrInvalid
	}
	c := Claims{User: w.Subject, Session: w.Session, Pool: w.Pool, Said: w.Said, Expires: w.ExpiresAt.Time}
	if expired {
		return c, ErrExpired
	}
	return c, nil
}
