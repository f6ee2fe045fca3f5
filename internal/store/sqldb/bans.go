package sqldb

import (
	"context"
	"errors"
	"slices"
	"time"

	"passerby/internal/store"
)

const (
	banColumns = `id, user_id, network, cidr, reason, message, report, made_by, at, until, lifted, exempt, changed`
	mostExempt = 1000
)

func readBan(scan func(...any) error) (b store.Ban, err error) {
	err = scan(&b.ID, &b.User, &b.Network, &b.CIDR, &b.Reason, &b.Message, &b.Report, &b.By, moment{&b.At}, moment{&b.Until}, moment{&b.Lifted}, wordList{&b.Exempt}, moment{&b.Changed})
	return b, err
}

// SaveBan implements store.Bans.
func (d *DB) SaveBan(ctx context.Context, b store.Ban) (store.Ban, error) {
	if b.User == "" && b.Network == "" {
		return b, errors.New("store: a ban names a device or a network")
	}
	if b.ID == "" {
		b.ID = store.NewID()
	}
	b.Changed = b.At
	_, err := d.exec(ctx, `INSERT INTO bans (`+banColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		b.ID, b.User, b.Network, b.CIDR, b.Reason, b.Message, b.Report, b.By, ms(b.At), ms(b.Until), ms(b.Lifted), words(b.Exempt), ms(b.Changed))
	return b, err
}

// Ban implements store.Bans.
func (d *DB) Ban(ctx context.Context, id string) (store.Ban, error) {
	return get(ctx, d, readBan, `SELECT `+banColumns+` FROM bans WHERE id = ?`, id)
}

// Bans implements store.Bans.
func (d *DB) Bans(ctx context.Context, f store.BanFilter, page store.Page) ([]store.Ban, error) {
	var w where
	w.equal("user_id", f.User)
	if !f.Active.IsZero() {
		w.add("lifted = 0 AND (until = 0 OR until > ?)", ms(f.Active))
	}
	if page.Before != "" {
		w.add("(at, id) < (SELECT at, id FROM bans WHERE id = ?)", page.Before)
	}
	return list(ctx, d, readBan, `SELECT `+banColumns+` FROM bans`+w.String()+` ORDER BY at DESC, id DESC LIMIT ?`, append(w.args, page.Rows())...)
}

// LiftBan implements store.Bans.
func (d *DB) LiftBan(ctx context.Context, id string, at time.Time) error {
	return d.one(ctx, `UPDATE bans SET changed = CASE WHEN lifted = 0 THEN ? ELSE changed END, lifted = CASE WHEN lifted = 0 THEN ? ELSE lifted END WHERE id = ?`, ms(at), ms(at), id)
}

// ExemptFromBan implements store.Bans.
func (d *DB) ExemptFromBan(ctx context.Context, id, user string, at time.Time) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		// The first statement writes, so that of two transactions at once the second sees what the first has done.
		if err := tx.one(ctx, `UPDATE bans SET changed = ? WHERE id = ?`, ms(at), id); err != nil {
			return err
		}
		b, err := tx.Ban(ctx, id)
		if err != nil || slices.Contains(b.Exempt, user) {
			return err
		}
		if len(b.Exempt) >= mostExempt {
			return store.ErrFull
		}
		return tx.one(ctx, `UPDATE bans SET exempt = ? WHERE id = ?`, words(append(b.Exempt, user)), id)
	})
}

// BansChanged implements store.Bans.
func (d *DB) BansChanged(ctx context.Context, since time.Time, limit int) ([]store.Ban, error) {
	return list(ctx, d, readBan, `SELECT `+banColumns+` FROM bans WHERE changed >= ? ORDER BY changed, id LIMIT ?`, ms(since), limit)
}
