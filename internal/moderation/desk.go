package moderation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"passerby/internal/store"
)

// What an act can be refused with, besides the store's own errors.
var (
	ErrClaimed  = errors.New("moderation: somebody else works on this")
	ErrTooLate  = errors.New("moderation: a decision can be taken back for a minute only, by whoever made it")
	ErrNoRange  = errors.New("moderation: no network is known of this person any more: ban the device")
	ErrBadAct   = errors.New("moderation: bad decision")
	ErrOwnBan   = errors.New("moderation: an appeal is answered by somebody else than the one who banned")
	ErrNoReason = errors.New("moderation: a ban needs a reason that the person is told")
)

const (
	claimFor = 10 * time.Minute
	undoFor  = time.Minute
)

// Sealer makes tickets that nobody can forge (staff.Sealer).
type Sealer interface {
	Seal(purpose string, v any, ttl time.Duration) (string, error)
	Open(purpose, text string, v any) error
}

// Desk is where moderators work. All fields but Now are required.
type Desk struct {
	Store  store.Store
	Sealer Sealer
	// Others says whether anybody else than this moderator could answer an appeal.
	Others func(ctx context.Context, moderator string) (bool, error)
	Now    func() time.Time // time.Now when nil
}

// Clock is the desk's time.
func (d *Desk) Clock() time.Time { return d.now() }

func (d *Desk) now() time.Time {
	if d.Now != nil {
		return d.Now().UTC().Truncate(time.Millisecond)
	}
	return time.Now().UTC().Truncate(time.Millisecond)
}

// write appends to the audit log inside a transaction.
func write(ctx context.Context, tx store.Store, at time.Time, by, action, target string, detail map[string]any) error {
	b, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	if _, err := tx.AppendAudit(ctx, store.AuditEntry{At: at, Actor: by, Action: action, Target: target, Detail: b}); err != nil {
		return fmt.Errorf("moderation: audit: %w", err)
	}
	return nil
}
