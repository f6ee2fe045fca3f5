package staff

import (
	"context"
	"errors"
	"fmt"
	"time"

	"passerby/internal/store"
)

// CLI is the actor of what an operator does on the machine itself.
const CLI = "cli"

// Members lists all.
func (d *Door) Members(ctx context.Context) ([]Member, error) {
	kept, err := d.Store.Moderators(ctx)
	if err != nil {
		return nil, fmt.Errorf("staff: members: %w", err)
	}
	all := make([]Member, 0, len(kept))
	for _, k := range kept {
		m, err := d.load(ctx, k)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Named finds a member by his name: ErrNone.
func (d *Door) Named(ctx context.Context, name string) (Member, error) {
	normal, err := NormalName(name)
	if err != nil {
		return Member{}, err
	}
	m, err := d.named(ctx, normal)
	if errors.Is(err, store.ErrNotFound) {
		return Member{}, ErrNone
	}
	return m, err
}

// Add makes a member with a one-time password, which is told once and nowhere kept.
func (d *Door) Add(ctx context.Context, by, name string, role Role) (m Member, password string, until time.Time, err error) {
	normal, err := NormalName(name)
	if err != nil {
		return Member{}, "", time.Time{}, err
	}
	if !role.Valid() {
		return Member{}, "", time.Time{}, fmt.Errorf("staff: there is no role %q", role)
	}
	kept, err := d.Store.SaveModerator(ctx, store.Moderator{Name: normal, Role: string(role), Created: d.now()})
	if errors.Is(err, store.ErrExists) {
		return Member{}, "", time.Time{}, ErrTaken
	} else if err != nil {
		return Member{}, "", time.Time{}, fmt.Errorf("staff: add: %w", err)
	}
	d.audit(ctx, by, "moderator.add", "moderator:"+kept.ID, map[string]any{"name": normal, "role": string(role)})
	password, until, err = d.oneTime(ctx, Member{ID: kept.ID})
	return Member{ID: kept.ID, Name: normal, Role: role, Created: kept.Created}, password, until, err
}

// Reset takes away all that a member signs in with, ends his sessions, and gives a new one-time password.
func (d *Door) Reset(ctx context.Context, by, id string) (password string, until time.Time, err error) {
	m, err := d.find(ctx, id)
	if err != nil {
		return "", time.Time{}, err
	}
	if err := d.keepsAdmin(ctx, by, m); err != nil {
		return "", time.Time{}, err
	}
	all, err := d.Store.Credentials(ctx, id)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("staff: reset: %w", err)
	}
	for _, c := range all {
		if c.Kind != kindUsed {
			err = errors.Join(err, d.Store.DeleteCredential(ctx, c.ID))
		}
	}
	if err = errors.Join(err, d.Store.DeleteModeratorSessions(ctx, id)); err != nil {
		return "", time.Time{}, fmt.Errorf("staff: reset: %w", err)
	}
	d.audit(ctx, by, "moderator.reset", "moderator:"+id, nil)
	return d.oneTime(ctx, Member{ID: id})
}

// Change gives a member another role, or bars him. Both take effect with his next request.
func (d *Door) Change(ctx context.Context, by, id string, role Role, disabled bool) error {
	m, err := d.find(ctx, id)
	if err != nil {
		return err
	}
	if !role.Valid() {
		return fmt.Errorf("staff: there is no role %q", role)
	}
	if role != Admin || disabled {
		if err := d.keepsAdmin(ctx, by, m); err != nil {
			return err
		}
	}
	kept, err := d.Store.Moderator(ctx, id)
	if err != nil {
		return fmt.Errorf("staff: change: %w", err)
	}
	kept.Role = string(role)
	switch {
	case !disabled:
		kept.Disabled = time.Time{}
	case kept.Disabled.IsZero():
		kept.Disabled = d.now()
	}
	if _, err := d.Store.SaveModerator(ctx, kept); err != nil {
		return fmt.Errorf("staff: change: %w", err)
	}
	if disabled {
		err = d.Store.DeleteModeratorSessions(ctx, id)
	}
	d.audit(ctx, by, "moderator.change", "moderator:"+id, map[string]any{"role": string(role), "disabled": disabled, "was": string(m.Role)})
	return err
}

func (d *Door) find(ctx context.Context, id string) (Member, error) {
	m, err := d.member(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return Member{}, ErrNone
	}
	return m, err
}

// Others says whether anybody but this member may decide and can sign in.
func (d *Door) Others(ctx context.Context, id string) (bool, error) {
	all, err := d.Members(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range all {
		if m.ID != id && m.Role.May(Decide) && m.CanSignIn() {
			return true, nil
		}
	}
	return false, nil
}

// keepsAdmin refuses what would leave nobody who can govern. The operator on the machine may do it: he can add another.
func (d *Door) keepsAdmin(ctx context.Context, by string, m Member) error {
	if by == CLI || m.Role != Admin || !m.CanSignIn() {
		return nil
	}
	all, err := d.Members(ctx)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID != m.ID && other.Role == Admin && other.CanSignIn() {
			return nil
		}
	}
	return ErrLastAdmin
}
