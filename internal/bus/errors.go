package bus

import "errors"

// Errors of Send.
var (
	// ErrNoNode says that no node of that name is on the bus.
	ErrNoNode = errors.New("no such node")
	// ErrClosed says that the sender has left the bus.
	ErrClosed = errors.New("bus closed")
	// ErrFull says that too much waits to be sent already; the message is lost.
	ErrFull = errors.New("bus full")
)
