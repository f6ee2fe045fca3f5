package sqldb

import (
	"context"
	"time"

	"passerby/internal/store"
)

const (
	claimColumns  = `what, by_id, until`
	noticeColumns = `id, user_id, at, reason, message, report, seen`
)

func readClaim(scan func(...any) error) (c store.Claim, err error) {
	return c, scan(&c.What, &c.By, moment{&c.Until})
}

func readNotice(scan func(...any) error) (n store.Notice, err error) {
	return n, scan(&n.ID, &n.User, moment{&n.At}, &n.Reason, &n.Message, &n.Report, moment{&n.Seen})
}

// TakeClaim implements store.Desk.
func (d *DB) TakeClaim(ctx context.Context, c store.Claim, now time.Time) (store.Claim, error) {
	n, err := d.exec(ctx, `INSERT INTO claims (`+claimColumns+`) VALUES (?, ?, ?)
		ON CONFLICT (what) DO UPDATE SET by_id = excluded.by_id, until = excluded.until WHERE claims.by_id = excluded.by_id OR claims.until <= ?`,
		c.What, c.By, ms(c.Until), ms(now))
	if err != nil || n > 0 {
		return c, err
	}
	held, err := get(ctx, d, readClaim, `SELECT `+claimColumns+` FROM claims WHERE what = ?`, c.What)
	if err != nil {
		return store.Claim{}, err
	}
	return held, store.ErrExists
}

// DropClaim implements store.Desk.
func (d *DB) DropClaim(ctx context.Context, what, by string) error {
	_, err := d.exec(ctx, `DELETE FROM claims WHERE what = ? AND by_id = ?`, what, by)
	return err
}

// Claims implements store.Desk.
func (d *DB) Claims(ctx context.Context, now time.Time) ([]store.Claim, error) {
	return list(ctx, d, readClaim, `SELECT `+claimColumns+` FROM claims WHERE until > ? ORDER BY what`, ms(now))
}

// ReopenReport implements store.Desk.
func (d *DB) ReopenReport(ctx context.Context, id, by string, at time.Time) error {
	n, err := d.exec(ctx, `UPDATE reports SET status = 'open', decided = 0, decided_by = '', decision = '', note = '' WHERE id = ? AND status <> 'open' AND decided_by = ? AND decided = ?`,
		id, by, ms(at))
	if err != nil || n > 0 {
		return err
	}
	return store.ErrDecided
}

// SeeModeratorSession implements store.Desk.
func (d *DB) SeeModeratorSession(ctx context.Context, id string, at time.Time) error {
	return d.one(ctx, `UPDATE moderator_sessions SET seen = ? WHERE id = ?`, ms(at), id)
}

// SaveNotice implements store.Desk.
func (d *DB) SaveNotice(ctx context.Context, n store.Notice) (store.Notice, error) {
	if n.ID == "" {
		n.ID = store.NewID()
	}
	_, err := d.exec(ctx, `INSERT INTO notices (`+noticeColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`, n.ID, n.User, ms(n.At), n.Reason, n.Message, n.Report, ms(n.Seen))
	return n, err
}

// Notices implements store.Desk.
func (d *DB) Notices(ctx context.Context, user string) ([]store.Notice, error) {
	return list(ctx, d, readNotice, `SELECT `+noticeColumns+` FROM notices WHERE user_id = ? AND seen = 0 ORDER BY at, id LIMIT 20`, user)
}

// NoticesMade implements store.Desk.
func (d *DB) NoticesMade(ctx context.Context, since time.Time, limit int) ([]store.Notice, error) {
	return list(ctx, d, readNotice, `SELECT `+noticeColumns+` FROM notices WHERE at >= ? AND seen = 0 ORDER BY at, id LIMIT ?`, ms(since), limit)
}

// SeeNotice implements store.Desk.
func (d *DB) SeeNotice(ctx context.Context, id, user string, at time.Time) error {
	return d.one(ctx, `UPDATE notices SET seen = ? WHERE id = ? AND user_id = ? AND seen = 0`, ms(at), id, user)
}

// DropNotice implements store.Desk.
func (d *DB) DropNotice(ctx context.Context, report string) error {
	_, err := d.exec(ctx, `DELETE FROM notices WHERE report = ? AND seen = 0`, report)
	return err
}
