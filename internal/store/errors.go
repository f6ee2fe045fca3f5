package store

import "errors"

// What callers may ask for with errors.Is. Every other error is of the database: it is away, slow or full.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("store: not found")
	// ErrExists: there is one with this id, name or subject already.
	ErrExists = errors.New("store: exists already")
	// ErrDecided: somebody has decided about it already.
	ErrDecided = errors.New("store: decided already")
	// ErrFull: a person has as many of these as one may have.
	ErrFull = errors.New("store: no more of these")
)
