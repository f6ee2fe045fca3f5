package store

import (
	"context"
	"time"
)

// Ban keeps a device, a network, or both out: whoever comes with the device or from the network is banned.
type Ban struct {
	ID      string    // made by SaveBan when empty
	User    string    // the device's pseudonym; empty: no device
	Network string    // keyed hash of a network (identity.Networks); empty: no network
	CIDR    string    // the network in clear, only when an operator wrote it; shown to moderators
	Reason  string    // in the protocol's words; shown to the person
	Message string    // the moderator's words for the person; may be empty
	Report  string    // that it follows from; may be empty
	By      string    // moderator's id, or "cli"
	At      time.Time // when it was made
	Until   time.Time // zero: for good
	Lifted  time.Time // zero: holds still
	Exempt  []string  // users whom the ban of the network does not hold, by their appeal
	Changed time.Time // of the last change; set by the store
}

// Active reports whether the ban holds at a time.
func (b Ban) Active(now time.Time) bool {
	return b.Lifted.IsZero() && (b.Until.IsZero() || now.Before(b.Until))
}

// BanFilter picks bans; every field that is set must fit.
type BanFilter struct {
	User   string
	Active time.Time // those that hold at this time
}

// Bans are who may not come in.
type Bans interface {
	// SaveBan keeps a new ban and answers it with its id. It names a device or a network, or both.
	SaveBan(ctx context.Context, b Ban) (Ban, error)
	Ban(ctx context.Context, id string) (Ban, error)
	Bans(ctx context.Context, filter BanFilter, page Page) ([]Ban, error)
	// LiftBan ends a ban; one that is lifted stays as it is.
	LiftBan(ctx context.Context, id string, at time.Time) error
	// ExemptFromBan lets one user in although his network is banned. At most 1000 of a ban: ErrFull.
	ExemptFromBan(ctx context.Context, id, user string, at time.Time) error
	// BansChanged lists, in the order of their changes, at most limit bans that changed at since or later; the same one
	// may come again. Every node follows the bans with it.
	BansChanged(ctx context.Context, since time.Time, limit int) ([]Ban, error)
}
