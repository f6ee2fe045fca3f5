package sqldb

import (
	"context"

	"passerby/internal/store"
)

const appealColumns = `id, ban, user_id, at, body, status, decided, decided_by, answer`

func readAppeal(scan func(...any) error) (a store.Appeal, err error) {
	err = scan(&a.ID, &a.Ban, &a.User, moment{&a.At}, &a.Text, &a.Status, moment{&a.Decided}, &a.DecidedBy, &a.Answer)
	return a, err
}

// SaveAppeal implements store.Appeals.
func (d *DB) SaveAppeal(ctx context.Context, a store.Appeal) (store.Appeal, error) {
	if a.ID == "" {
		a.ID = store.NewID()
	}
	a.Status = store.AppealOpen
	err := d.within(ctx, func(ctx context.Context, tx *DB) error {
		if _, err := tx.Ban(ctx, a.Ban); err != nil {
			return err
		}
		n, err := tx.count(ctx, `SELECT COUNT(*) FROM appeals WHERE ban = ? AND user_id = ?`, a.Ban, a.User)
		if err != nil {
			return err
		}
		if n >= store.AppealsPerBan {
			return store.ErrFull
		}
		_, err = tx.exec(ctx, `INSERT INTO appeals (`+appealColumns+`) VALUES (?, ?, ?, ?, ?, ?, 0, '', '')`, a.ID, a.Ban, a.User, ms(a.At), a.Text, string(a.Status))
		return err
	})
	return a, err
}

// Appeal implements store.Appeals.
func (d *DB) Appeal(ctx context.Context, id string) (store.Appeal, error) {
	return get(ctx, d, readAppeal, `SELECT `+appealColumns+` FROM appeals WHERE id = ?`, id)
}

// Appeals implements store.Appeals.
func (d *DB) Appeals(ctx context.Context, f store.AppealFilter, page store.Page) ([]store.Appeal, error) {
	var w where
	w.equal("status", string(f.Status))
	w.equal("ban", f.Ban)
	w.equal("user_id", f.User)
	order, after := "at DESC, id DESC", "(at, id) < "
	if f.Status == store.AppealOpen {
		order, after = "at, id", "(at, id) > "
	}
	if page.Before != "" {
		w.add(after+"(SELECT at, id FROM appeals WHERE id = ?)", page.Before)
	}
	return list(ctx, d, readAppeal, `SELECT `+appealColumns+` FROM appeals`+w.String()+` ORDER BY `+order+` LIMIT ?`, append(w.args, page.Rows())...)
}

// DecideAppeal implements store.Appeals.
func (d *DB) DecideAppeal(ctx context.Context, id string, v store.AppealDecision) (a store.Appeal, err error) {
	status := store.AppealRefused
	if v.Accept {
		status = store.AppealAccepted
	}
	err = d.within(ctx, func(ctx context.Context, tx *DB) error {
		n, err := tx.exec(ctx, `UPDATE appeals SET status = ?, decided = ?, decided_by = ?, answer = ? WHERE id = ? AND status = 'open'`, string(status), ms(v.At), v.By, v.Answer, id)
		if err != nil {
			return err
		}
		if a, err = tx.Appeal(ctx, id); err != nil {
			return err
		}
		if n == 0 {
			return store.ErrDecided
		}
		if !v.Accept {
			return nil
		}
		b, err := tx.Ban(ctx, a.Ban)
		if err != nil {
			return err
		}
		if v.Lift || b.Network == "" || a.User == "" {
			return tx.LiftBan(ctx, b.ID, v.At)
		}
		return tx.ExemptFromBan(ctx, b.ID, a.User, v.At)
	})
	return a, err
}
