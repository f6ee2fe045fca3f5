package store

import (
	"context"
	"time"
)

// Claim says who of the moderators works on something, so that no two do.
type Claim struct {
	What  string // "person:ID" …
	By    string // moderator's id
	Until time.Time
}

// Notice is a moderator's word for a person who stays: a warning.
type Notice struct {
	ID      string // made by SaveNotice when empty
	User    string
	At      time.Time
	Reason  string // in the protocol's words
	Message string // the moderator's words; may be empty
	Report  string // that it follows from
	Seen    time.Time
}

// Desk is what moderators need while they work.
type Desk interface {
	// TakeClaim takes c, or takes it for longer. While another holds it at now, it answers his claim and ErrExists.
	TakeClaim(ctx context.Context, c Claim, now time.Time) (Claim, error)
	// DropClaim gives up a claim; somebody else's stays.
	DropClaim(ctx context.Context, what, by string) error
	// Claims lists those that hold at now.
	Claims(ctx context.Context, now time.Time) ([]Claim, error)

	// ReopenReport takes a decision back: ErrDecided unless the report's decision is the one that by made at that time.
	ReopenReport(ctx context.Context, id, by string, at time.Time) error
	// SeeModeratorSession notes that a session was used; ErrNotFound when it ended meanwhile, and then it stays ended.
	SeeModeratorSession(ctx context.Context, id string, at time.Time) error

	// SaveNotice keeps a notice until its person has seen it.
	SaveNotice(ctx context.Context, n Notice) (Notice, error)
	// Notices lists what a person has not seen yet, the oldest first, at most 20.
	Notices(ctx context.Context, user string) ([]Notice, error)
	// NoticesMade lists, the oldest first, at most limit notices that were made at since or later and that nobody has seen; the same one may
	// come again. Every node follows them, to tell who is connected to it.
	NoticesMade(ctx context.Context, since time.Time, limit int) ([]Notice, error)
	// SeeNotice notes that its person has seen it; anybody else's stays as it is.
	SeeNotice(ctx context.Context, id, user string, at time.Time) error
	// DropNotice takes a notice back that its person has not seen.
	DropNotice(ctx context.Context, report string) error
}
