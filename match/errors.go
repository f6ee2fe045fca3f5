package match

import "errors"

var (
	// ErrGone says that the pair is over, or was never this session's.
	// Asking again does not help; Renew tells what is true.
	ErrGone = errors.New("the pair is over")

	// ErrFull says that the queue takes nobody more for now. Try again later.
	ErrFull = errors.New("the queue is full")

	// ErrTicket says that a ticket names no session or no user, or that its
	// key is too long: a fault of the caller.
	ErrTicket = errors.New("the ticket is not valid")
)
