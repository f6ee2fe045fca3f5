package proof

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"net/url"
	"strconv"
	"strings"
	"time"

	"passerby/signaling/protocol"
)

// Errors of a proof that does not open the door. The client gets a new challenge in each case.
var (
	ErrForged  = errors.New("not a challenge of this server")
	ErrExpired = errors.New("the challenge has expired")
	ErrWrong   = errors.New("the number does not solve the challenge")
	ErrUsed    = errors.New("the challenge was used before")
)

const (
	algorithm = "SHA-256"
	saltBytes = 12
	// saltMost is the longest salt that is looked at, in bytes.
	saltMost = 100
)

// puzzles makes challenges and checks solutions; it keeps nothing.
type puzzles struct{ key []byte }

// issue makes a challenge that costs most/2 hashes on average.
func (p puzzles) issue(most int64, until time.Time) *protocol.Challenge {
	raw := make([]byte, saltBytes)
	_, _ = rand.Read(raw)
	n, _ := rand.Int(rand.Reader, big.NewInt(most+1)) // rand.Reader does not fail
	// The salt ends in "&", so that no digit of the expiry can become one of the number, or the other way round: both are hashed as one.
	salt := hex.EncodeToString(raw) + "?expires=" + strconv.FormatInt(until.Unix(), 10) + "&"
	target := digest(salt, n.Int64())
	return &protocol.Challenge{Algorithm: algorithm, Challenge: target, MaxNumber: most, Salt: salt, Signature: p.sign(target)}
}

// check says when a solved challenge expires, or what is wrong with it.
func (p puzzles) check(s *protocol.Proof, now time.Time) (time.Time, error) {
	if s.Algorithm != algorithm || !hmac.Equal([]byte(s.Signature), []byte(p.sign(s.Challenge))) {
		return time.Time{}, ErrForged
	}
	if s.Number < 0 || len(s.Salt) > saltMost || digest(s.Salt, s.Number) != s.Challenge {
		return time.Time{}, ErrWrong
	}
	until, ok := expiry(s.Salt)
	if !ok {
		return time.Time{}, ErrForged
	}
	if !now.Before(until) {
		return time.Time{}, ErrExpired
	}
	return until, nil
}

func (p puzzles) sign(target string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(target))
	return hex.EncodeToString(mac.Sum(nil))
}

func digest(salt string, n int64) string {
	sum := sha256.Sum256(strconv.AppendInt([]byte(salt), n, 10))
	return hex.EncodeToString(sum[:])
}

// expiry reads the time from a salt; one without the closing "&" is not ours.
func expiry(salt string) (time.Time, bool) {
	body, closed := strings.CutSuffix(salt, "&")
	_, query, found := strings.Cut(body, "?")
	values, err := url.ParseQuery(query)
	if !closed || !found || err != nil {
		return time.Time{}, false
	}
	unix, err := strconv.ParseInt(values.Get("expires"), 10, 64)
	return time.Unix(unix, 0), err == nil
}

// Solve searches the number as a client does, for tests and tools; false when there is none.
func Solve(c *protocol.Challenge) (*protocol.Proof, bool) {
	for n := range c.MaxNumber + 1 {
		if digest(c.Salt, n) == c.Challenge {
			return &protocol.Proof{Algorithm: c.Algorithm, Challenge: c.Challenge, Number: n, Salt: c.Salt, Signature: c.Signature}, true
		}
	}
	return nil, false
}
