package sfu

import "errors"

// Errors that a caller can tell apart with errors.Is.
var (
	// ErrSDP: the offer is malformed, too large, or asks for what this server
	// does not do. Another offer can succeed.
	ErrSDP = errors.New("sfu: invalid session description")
	// ErrCandidate: the candidate is malformed or too large.
	ErrCandidate = errors.New("sfu: invalid ICE candidate")
	// ErrUnknown: no peer has this id.
	ErrUnknown = errors.New("sfu: unknown id")
	// ErrNotOpen: the peer's data channel is not open.
	ErrNotOpen = errors.New("sfu: data channel is not open")
	// ErrSlow: the peer does not read its data channel fast enough.
	ErrSlow = errors.New("sfu: data channel is full")
	// ErrTooLarge: the data message is over Config.MaxMessage.
	ErrTooLarge = errors.New("sfu: message is too large")
	// ErrFull: Config.MaxPeers is reached.
	ErrFull = errors.New("sfu: too many peers")
	// ErrClosed: the server is closed.
	ErrClosed = errors.New("sfu: server is closed")
)
