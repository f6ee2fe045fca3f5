package client

import (
	"errors"
	"fmt"
	"time"

	"passerby/signaling/protocol"
)

// Errors of the client's own.
var (
	ErrClosed        = errors.New("the client is closed")
	ErrNoMatch       = errors.New("nobody is here: wait for Matched")
	ErrNoMedia       = errors.New("this match has no picture and sound: set Config.Media and find with Mode Video")
	ErrTooLong       = errors.New("the text is too long for one message")
	ErrEventsNotRead = errors.New("events were not read: read Client.Events until it is closed")
	ErrKeys          = errors.New("the server's key id is not that of the two public keys: it may be in the middle")
)

// RefusedError says that the server gave no session, and why.
type RefusedError struct {
	Status int
	Reason protocol.Error
	// Ban is there when Reason.Code is "banned".
	Ban *protocol.Ban
	// AgeURL is where age is proven, when Reason.Code is "age_required".
	AgeURL string
}

func (e *RefusedError) Error() string {
	s := fmt.Sprintf("the server gives no session: %s (HTTP %d, %s)", e.Reason.Message, e.Status, e.Reason.Code)
	if after := e.RetryAfter(); after > 0 {
		s += fmt.Sprintf("; try again in %s", after)
	}
	return s
}

// RetryAfter is how long to wait before the next try; 0 when the server did not say.
func (e *RefusedError) RetryAfter() time.Duration {
	return time.Duration(e.Reason.RetryAfterMS) * time.Millisecond
}
