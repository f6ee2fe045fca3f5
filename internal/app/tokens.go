package app

import (
	"errors"
	"fmt"
	"time"

	"passerby/internal/auth"
	"passerby/signaling"
)

// tokenSource is the hub's view of the session tokens.
type tokenSource struct{ t *auth.Tokens }

var _ signaling.Tokens = tokenSource{}

func (s tokenSource) Verify(token string) (signaling.Claims, error) {
	c, err := s.t.Verify(token)
	if errors.Is(err, auth.ErrExpired) {
		err = fmt.Errorf("%w: %w", signaling.ErrTokenExpired, err)
	}
	return signaling.Claims(c), err
}

func (s tokenSource) Issue(user, session, pool string) (string, time.Time, error) {
	return s.t.Issue(user, session, pool)
}
