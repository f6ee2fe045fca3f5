package app

import (
	"errors"
	"fmt"
	"time"

	"passerby/internal/auth"
	"passerby/signaling"
	"passerby/signaling/machine"
)

// tokenSource is the hub's view of the session tokens.
type tokenSource struct{ t *auth.Tokens }

var _ signaling.Tokens = tokenSource{}

func (s tokenSource) Verify(token string) (signaling.Claims, error) {
	c, err := s.t.Verify(token)
	if errors.Is(err, auth.ErrExpired) {
		err = fmt.Errorf("%w: %w", signaling.ErrTokenExpired, err)
	}
	return signaling.Claims{User: c.User, Session: c.Session, Pool: c.Pool, Said: machine.Said(c.Said), Expires: c.Expires}, err
}

func (s tokenSource) Issue(c signaling.Claims) (string, time.Time, error) {
	return s.t.Issue(auth.Claims{User: c.User, Session: c.Session, Pool: c.Pool, Said: auth.Said(c.Said)})
}
