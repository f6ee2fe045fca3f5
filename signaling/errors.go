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
	// ErrEvidence says that a report offers as proof what is none. The text, which names it, is shown to the client.
	ErrEvidence = machine.ErrEvidence
	// ErrNoSession says that a Store knows no such session, or none that the secret opens.
	ErrNoSession = errors.New("no such session")
	// ErrForeign says that a session is another user's.
	ErrForeign = errors.New("the session is another user's")
	// ErrElsewhere says that another node has taken a session over.
	ErrElsewhere = errors.New("the session is on another node")
	// ErrTokenExpired says that a token was good and its time is over.
	ErrTokenExpired = errors.New("token expired")
)
