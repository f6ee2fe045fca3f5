package sqldb

import (
	"context"
	"errors"

	"passerby/internal/store"
)

const userColumns = `id, first_at, last_at, narrow, wide, seen, pool`

func readUser(scan func(...any) error) (u store.User, err error) {
	return u, scan(&u.ID, moment{&u.First}, moment{&u.Last}, &u.Narrow, &u.Wide, moment{&u.Seen}, &u.Pool)
}

// SaveUsers implements store.Users.
func (d *DB) SaveUsers(ctx context.Context, users []store.User) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		for _, u := range users {
			_, err := tx.exec(ctx, `INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, narrow = excluded.narrow, wide = excluded.wide, seen = excluded.seen, pool = excluded.pool
				WHERE excluded.last_at >= users.last_at`,
				u.ID, ms(u.First), ms(u.Last), u.Narrow, u.Wide, ms(u.Seen), u.Pool)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// User implements store.Users.
func (d *DB) User(ctx context.Context, id string) (store.User, error) {
	return get(ctx, d, readUser, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
}

// ExportUser implements store.Users.
func (d *DB) ExportUser(ctx context.Context, id string) (e store.Export, err error) {
	if u, err := d.User(ctx, id); err == nil {
		e.User = &u
	} else if !errors.Is(err, store.ErrNotFound) {
		return e, err
	}
	if e.Chats, err = every(func(p store.Page) ([]store.Chat, error) { return d.ChatsOf(ctx, id, p) }, func(c store.Chat) string { return c.ID }); err != nil {
		return e, err
	}
	for i := range e.Chats {
		c := &e.Chats[i]
		for side, user := range c.Users {
			if user != id {
				c.Users[side], c.Sessions[side] = "", ""
			}
		}
	}
	if e.Blocks, err = list(ctx, d, readBlock, `SELECT user_id, other, at FROM blocks WHERE user_id = ? ORDER BY at DESC, other`, id); err != nil {
		return e, err
	}
	reportID := func(r store.Report) string { return r.ID }
	if e.Made, err = every(func(p store.Page) ([]store.Report, error) { return d.Reports(ctx, store.ReportFilter{Reporter: id}, p) }, reportID); err != nil {
		return e, err
	}
	for i, r := range e.Made {
		if r, err = d.Report(ctx, r.ID); err != nil {
			return e, err
		}
		r.Detail, r.DecidedBy, r.Note, r.Weight = nil, "", "", 0 // the moderators' own
		e.Made[i] = r
	}
	if e.Received, err = every(func(p store.Page) ([]store.Report, error) { return d.Reports(ctx, store.ReportFilter{Reported: id}, p) }, reportID); err != nil {
		return e, err
	}
	for i, r := range e.Received {
		e.Received[i] = store.Report{ID: r.ID, At: r.At, Match: r.Match, Reported: r.Reported, Reason: r.Reason, Status: r.Status, Decided: r.Decided, Decision: r.Decision}
	}
	if e.Bans, err = every(func(p store.Page) ([]store.Ban, error) { return d.Bans(ctx, store.BanFilter{User: id}, p) }, func(b store.Ban) string { return b.ID }); err != nil {
		return e, err
	}
	for i := range e.Bans {
		e.Bans[i].Exempt, e.Bans[i].By = nil, ""
	}
	e.Appeals, err = every(func(p store.Page) ([]store.Appeal, error) { return d.Appeals(ctx, store.AppealFilter{User: id}, p) }, func(a store.Appeal) string { return a.ID })
	for i := range e.Appeals {
		e.Appeals[i].DecidedBy = ""
	}
	if err != nil {
		return e, err
	}
	e.Notices, err = list(ctx, d, readNotice, `SELECT `+noticeColumns+` FROM notices WHERE user_id = ? ORDER BY at DESC, id DESC`, id)
	return e, err
}

// every reads all pages of a list.
func every[T any](read func(store.Page) ([]T, error), id func(T) string) ([]T, error) {
	var all []T
	for page := (store.Page{Limit: 500}); ; {
		rows, err := read(page)
		if err != nil {
			return nil, err
		}
		if all = append(all, rows...); len(rows) < page.Rows() {
			return all, nil
		}
		page.Before = id(rows[len(rows)-1])
	}
}

// DeleteUser implements store.Users.
func (d *DB) DeleteUser(ctx context.Context, id string) (n store.Deleted, err error) {
	err = d.within(ctx, func(ctx context.Context, tx *DB) (err error) {
		for _, s := range []struct {
			count *int
			query string
		}{
			{&n.Chats, `UPDATE chats SET user_a = '', session_a = '' WHERE user_a = ?`},
			{&n.Chats, `UPDATE chats SET user_b = '', session_b = '' WHERE user_b = ?`},
			{&n.Blocks, `DELETE FROM blocks WHERE user_id = ?`},
			{&n.Appeals, `DELETE FROM appeals WHERE user_id = ?`},
			{&n.Made, `UPDATE reports SET reporter = '', comment = '' WHERE reporter = ?`},
			{&n.Notices, `DELETE FROM notices WHERE user_id = ?`},
			{new(int), `DELETE FROM users WHERE id = ?`},
		} {
			rows, err := tx.exec(ctx, s.query, id)
			if err != nil {
				return err
			}
			*s.count += rows
		}
		if n.KeptReports, err = tx.count(ctx, `SELECT COUNT(*) FROM reports WHERE reported = ?`, id); err != nil {
			return err
		}
		n.KeptBans, err = tx.count(ctx, `SELECT COUNT(*) FROM bans WHERE user_id = ?`, id)
		return err
	})
	return n, err
}
