package auth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const ageAudience = "passerby-age"

// Age is what an age-assurance service says of a device.
type Age string

// The ages.
const (
	Adult Age = "adult"
	Minor Age = "minor"
)

// VerifyAge checks the word of an age-assurance service: a JWT, HS256 with the shared secret, with aud "passerby-age", exp, sub (the
// device: base64url of the SHA-256 of its raw public key) and age ("adult" or "minor").
func VerifyAge(token string, secret []byte, device string, now func() time.Time) (Age, error) {
	if len(token) > MaxToken || device == "" {
		return "", ErrInvalid
	}
	var c struct {
		jwt.RegisteredClaims
		Age Age `json:"age"`
	}
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithAudience(ageAudience), jwt.WithSubject(device),
		jwt.WithExpirationRequired(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now))
	if err != nil || c.Subject != device || c.Age != Adult && c.Age != Minor {
		return "", ErrInvalid
	}
	return c.Age, nil
}
