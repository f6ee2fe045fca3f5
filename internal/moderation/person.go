package moderation

import (
	"context"
	"errors"
	"fmt"

	"passerby/internal/store"
)

// Person is what a moderator may know of somebody who was reported: a pseudonym, what was said of him, what was done about it, when he talked.
type Person struct {
	ID      string
	User    *store.User // nil when nothing is known but reports
	Open    []store.Report
	Decided []store.Report
	Counts  store.ReportCounts
	Bans    []store.Ban
	Appeals []store.Appeal
	Chats   []store.Chat
	Claim   *store.Claim
}

// personReports is how many reports are shown with their evidence.
const personReports = 20

// Person gathers what is known. The reports carry their evidence.
func (d *Desk) Person(ctx context.Context, id string) (Person, error) {
	p := Person{ID: id}
	open, err := d.Store.Reports(ctx, store.ReportFilter{Status: store.ReportOpen, Reported: id}, store.Page{Limit: personReports})
	if err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	for _, r := range open {
		whole, err := d.Store.Report(ctx, r.ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // purged meanwhile
		} else if err != nil {
			return Person{}, fmt.Errorf("moderation: person: %w", err)
		}
		p.Open = append(p.Open, whole)
	}
	all, err := d.Store.Reports(ctx, store.ReportFilter{Reported: id}, store.Page{})
	if err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	for _, r := range all {
		if r.Status != store.ReportOpen {
			p.Decided = append(p.Decided, r)
		}
	}
	if p.Counts, err = d.Store.CountReports(ctx, id); err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	if p.Bans, err = d.Store.Bans(ctx, store.BanFilter{User: id}, store.Page{}); err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	if p.Appeals, err = d.Store.Appeals(ctx, store.AppealFilter{User: id}, store.Page{}); err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	if p.Chats, err = d.Store.ChatsOf(ctx, id, store.Page{Limit: 20}); err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	user, err := d.Store.User(ctx, id)
	switch {
	case err == nil:
		p.User = &user
	case !errors.Is(err, store.ErrNotFound):
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	claims, err := d.Store.Claims(ctx, d.now())
	if err != nil {
		return Person{}, fmt.Errorf("moderation: person: %w", err)
	}
	for _, c := range claims {
		if c.What == claimOf(id) {
			p.Claim = &c
		}
	}
	if p.User == nil && len(all) == 0 && len(p.Bans) == 0 {
		return Person{}, store.ErrNotFound
	}
	return p, nil
}

// Claim takes a person's case for ten minutes, or for ten minutes more: ErrClaimed while another has it.
func (d *Desk) Claim(ctx context.Context, by, person string) (store.Claim, error) {
	now := d.now()
	c, err := d.Store.TakeClaim(ctx, store.Claim{What: claimOf(person), By: by, Until: now.Add(claimFor)}, now)
	if errors.Is(err, store.ErrExists) {
		return c, ErrClaimed
	} else if err != nil {
		return store.Claim{}, fmt.Errorf("moderation: claim: %w", err)
	}
	return c, nil
}

// Release gives a case back.
func (d *Desk) Release(ctx context.Context, by, person string) error {
	if err := d.Store.DropClaim(ctx, claimOf(person), by); err != nil {
		return fmt.Errorf("moderation: release: %w", err)
	}
	return nil
}

// Evidence answers one piece of a report's evidence, and writes down who looked at it.
func (d *Desk) Evidence(ctx context.Context, by, report, evidence string) (store.Evidence, error) {
	r, err := d.Store.Report(ctx, report)
	if err != nil {
		return store.Evidence{}, err
	}
	for _, e := range r.Evidence {
		if e.ID == evidence {
			return e, write(ctx, d.Store, d.now(), by, "evidence.open", "report:"+report, map[string]any{"evidence": evidence, "kind": e.Kind})
		}
	}
	return store.Evidence{}, store.ErrNotFound
}
