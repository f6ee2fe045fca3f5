package signaling

import (
	"errors"

	"passerby/signaling/machine"
)

// Errors that dependencies answer with; wrap them to add text.
var (
	ErrGone = machine.ErrGone
	ErrWish = machine.ErrWish
	ErrSDP  = machine.ErrSDP
	// ErrTokenExpired says that a token was good and its time is over.
	ErrTokenExpired = errors.New("token expired")
)
