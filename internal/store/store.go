package store

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Store is everything that is kept. Callers that need a part of it take that part: an interface below, or a smaller one of their own.
type Store interface {
	Chats
	Reports
	Bans
	Appeals
	Blocks
	Users
	Moderators
	Desk
	Audit
	Outbox

	// Within runs f in one transaction: all that f does with tx is kept, or nothing when f fails. f must not use the
	// Store beside tx, and must be quick. A decision and its audit entry belong into one.
	Within(ctx context.Context, f func(tx Store) error) error
	// Purge deletes what is older than its kind may get, at most limit rows of each kind, and answers how many.
	Purge(ctx context.Context, keep Retention, now time.Time, limit int) (Purged, error)
	// Ping says whether the database answers.
	Ping(ctx context.Context) error
	Close() error
}

// Page is a part of a list, newest first: at most Limit rows (zero: 50, never more than 500) that are older than the row with the id
// Before (empty: from the newest on).
type Page struct {
	Before string
	Limit  int
}

// Rows is Limit with its default and its bound.
func (p Page) Rows() int {
	switch {
	case p.Limit <= 0:
		return 50
	case p.Limit > 500:
		return 500
	}
	return p.Limit
}

// NewID returns an id that sorts by the time of its making (UUID version 7, RFC 9562, section 5.7) and cannot be guessed (74 random bits).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
