package auth

import (
	"crypto/rand"
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const entryIssuer = "passerby entry"

// Entry is whom an app lets in, once.
type Entry struct {
	ID      string // set by IssueEntry
	User    string // pseudonym
	Age     Age
	Said    Said
	Expires time.Time
}

type entryWire struct {
	jwt.RegisteredClaims
	Age  Age  `json:"age"`
	Said Said `json:"said,omitzero"`
}

// IssueEntry makes a token with which a page gets one session for the user.
func (t *Tokens) IssueEntry(e Entry) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, entryWire{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: entryIssuer, Subject: e.User, ID: rand.Text(), ExpiresAt: jwt.NewNumericDate(e.Expires)},
		Age:              e.Age, Said: e.Said,
	}).SignedString(t.key)
}

// VerifyEntry checks such a token; ErrExpired when it is too old. Whether it was used before is for the caller to see.
func (t *Tokens) VerifyEntry(token string) (Entry, error) {
	if len(token) > MaxToken {
		return Entry{}, ErrInvalid
	}
	var w entryWire
	_, err := jwt.ParseWithClaims(token, &w, func(*jwt.Token) (any, error) { return t.known, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(entryIssuer),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Entry{}, ErrExpired
	}
	if err != nil || w.Issuer != entryIssuer || w.ID == "" || w.Subject == "" || w.Age != Adult && w.Age != Minor {
		return Entry{}, ErrInvalid
	}
	return Entry{ID: w.ID, User: w.Subject, Age: w.Age, Said: w.Said, Expires: w.ExpiresAt.Time}, nil
}
