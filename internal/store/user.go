package store

import (
	"context"
	"time"
)

// User is a pseudonymous person: one device key.
type User struct {
	ID    string // identity.UserID of the device key
	First time.Time
	Last  time.Time
	// Networks that he came from last, as keyed hashes; empty when they are too old to be kept.
	Narrow string // of one IPv4 address or IPv6 /64
	Wide   string // of the IPv4 /24 or IPv6 /48 around it
	Seen   time.Time
	Pool   string // age pool of his last session
}

// Export is everything that is kept of one person, for himself.
type Export struct {
	User     *User    `json:",omitempty"`
	Chats    []Chat   // the partners' ids left out
	Blocks   []Block  // his own
	Made     []Report // reports that he made, with evidence
	Received []Report // reports of him: when, which match and reason, what was decided; not who, nor the evidence
	Bans     []Ban
	Appeals  []Appeal
	Notices  []Notice // warnings, seen or not
}

// Deleted counts what a deletion took away, and what it must leave.
type Deleted struct {
	Chats, Blocks, Appeals, Notices, Made int // chats and reports that he made stay without his id; his comments go
	KeptReports, KeptBans                 int // about him; they go when their time is over
}

// Users are the people, as pseudonyms.
type Users interface {
	// SaveUsers notes that these people came: First of a known one stays.
	SaveUsers(ctx context.Context, users []User) error
	User(ctx context.Context, id string) (User, error)
	ExportUser(ctx context.Context, id string) (Export, error)
	// DeleteUser forgets a person, but for open safety matters: reports of him and bans stay until they are purged.
	DeleteUser(ctx context.Context, id string) (Deleted, error)
}
