package turn

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the TURN REST convention is HMAC-SHA1, which is sound as a MAC
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

// maxUsername is the most bytes of a username (RFC 8489 allows 508).
const maxUsername = 256

// Errors of ParseUsername and Verify.
var (
	ErrUsername = errors.New("the username is not expiry:name")
	ErrExpired  = errors.New("the credentials have expired")
	ErrPassword = errors.New("the password does not belong to the username")
)

// Credentials makes a username and password that are good until now+ttl. The
// name stands for a user: quotas count by it. It must not be a secret.
func Credentials(secret, name string, ttl time.Duration, now time.Time) (username, password string) {
	username = strconv.FormatInt(now.Add(ttl).Unix(), 10) + ":" + name
	return username, passwordFor(secret, username)
}

func passwordFor(secret, username string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verify checks what Credentials made, the password in constant time. It
// returns the name; the error is ErrUsername, ErrPassword or ErrExpired.
func Verify(secret, username, password string, now time.Time) (name string, err error) {
	expires, name, err := ParseUsername(username)
	if err != nil {
		return "", err
	}
	if !hmac.Equal([]byte(password), []byte(passwordFor(secret, username))) {
		return "", ErrPassword
	}
	if !now.Before(expires) {
		return "", ErrExpired
	}
	return name, nil
}

// ParseUsername splits "expiry:name". The expiry is 1 to 12 digits, the name
// whatever follows the first colon, without control characters; a username without colon has no name.
func ParseUsername(username string) (expires time.Time, name string, err error) {
	digits, name, _ := strings.Cut(username, ":")
	if len(username) > maxUsername || len(digits) == 0 || len(digits) > 12 || strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, "", ErrUsername
	}
	for i := range len(name) {
		if name[i] < ' ' || name[i] == 0x7f {
			return time.Time{}, "", ErrUsername
		}
	}
	seconds, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return time.Time{}, "", ErrUsername
	}
	return time.Unix(seconds, 0), name, nil
}
