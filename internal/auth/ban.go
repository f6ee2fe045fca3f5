package auth

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	banIssuer = "passerby ban"
	banTTL    = 24 * time.Hour
)

// Banned is who was told of which ban.
type Banned struct{ User, Ban string }

// IssueBan makes a token with which a banned person appeals, for a day.
func (t *Tokens) IssueBan(b Banned) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer: banIssuer, Subject: b.User, ID: b.Ban, ExpiresAt: jwt.NewNumericDate(t.now().Add(banTTL)),
	}).SignedString(t.key)
}

// VerifyBan checks such a token; ErrExpired when it is too old.
func (t *Tokens) VerifyBan(token string) (Banned, error) {
	if len(token) > MaxToken {
		return Banned{}, ErrInvalid
	}
	var c jwt.RegisteredClaims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.known, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithIssuer(banIssuer),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(t.now))
	if errors.Is(err, jwt.ErrTokenExpired) {
		return Banned{}, ErrExpired
	}
	if err != nil || c.ID == "" || c.Issuer != banIssuer {
		return Banned{}, ErrInvalid
	}
	return Banned{User: c.Subject, Ban: c.ID}, nil
}
