package sqldb

import (
	"context"
	"time"

	"passerby/internal/store"
)

const (
	reportColumns   = `id, at, match_id, reporter, reported, reason, comment, severity, weight, status, hold, detail, decided, decided_by, decision, note`
	evidenceColumns = `id, kind, sender, at, n, proof, type, body, detail`
)

func readReport(scan func(...any) error) (r store.Report, err error) {
	err = scan(&r.ID, moment{&r.At}, &r.Match, &r.Reporter, &r.Reported, &r.Reason, &r.Comment, &r.Severity, &r.Weight, &r.Status, moment{&r.Hold}, raw{&r.Detail},
		moment{&r.Decided}, &r.DecidedBy, &r.Decision, &r.Note)
	return r, err
}

func readEvidence(scan func(...any) error) (e store.Evidence, err error) {
	var n int64
	err = scan(&e.ID, &e.Kind, &e.From, moment{&e.At}, &n, &e.Proof, &e.Type, &e.Body, raw{&e.Detail})
	e.N = uint64(n) //nolint:gosec // as it was put in
	return e, err
}

// SaveReport implements store.Reports.
func (d *DB) SaveReport(ctx context.Context, r store.Report) (store.Report, error) {
	if r.ID == "" {
		r.ID = store.NewID()
	}
	if r.Status == "" {
		r.Status = store.ReportOpen
	}
	r.Evidence = append([]store.Evidence(nil), r.Evidence...)
	err := d.within(ctx, func(ctx context.Context, tx *DB) error {
		_, err := tx.exec(ctx, `INSERT INTO reports (`+reportColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			r.ID, ms(r.At), r.Match, r.Reporter, r.Reported, r.Reason, r.Comment, r.Severity, r.Weight, string(r.Status), ms(r.Hold), string(r.Detail),
			ms(r.Decided), r.DecidedBy, r.Decision, r.Note)
		for i := range r.Evidence {
			if err != nil {
				return err
			}
			e := &r.Evidence[i]
			if e.ID == "" {
				e.ID = store.NewID()
			}
			_, err = tx.exec(ctx, `INSERT INTO evidence (report, place, `+evidenceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
				r.ID, i, e.ID, e.Kind, e.From, ms(e.At), int64(e.N), string(e.Proof), e.Type, orEmpty(e.Body), string(e.Detail)) //nolint:gosec // read back the same way
		}
		return err
	})
	return r, err
}

// Report implements store.Reports.
func (d *DB) Report(ctx context.Context, id string) (store.Report, error) {
	r, err := get(ctx, d, readReport, `SELECT `+reportColumns+` FROM reports WHERE id = ?`, id)
	if err != nil {
		return r, err
	}
	r.Evidence, err = list(ctx, d, readEvidence, `SELECT `+evidenceColumns+` FROM evidence WHERE report = ? ORDER BY place`, id)
	return r, err
}

// Reports implements store.Reports.
func (d *DB) Reports(ctx context.Context, f store.ReportFilter, page store.Page) ([]store.Report, error) {
	var w where
	w.equal("status", string(f.Status))
	w.equal("reported", f.Reported)
	w.equal("reporter", f.Reporter)
	w.equal("match_id", f.Match)
	order := "at DESC, id DESC"
	if f.Status == store.ReportOpen {
		order = "-severity, at, id"
	}
	if page.Before != "" {
		if f.Status == store.ReportOpen {
			w.add("(-severity, at, id) > (SELECT -severity, at, id FROM reports WHERE id = ?)", page.Before)
		} else {
			w.add("(at, id) < (SELECT at, id FROM reports WHERE id = ?)", page.Before)
		}
	}
	return list(ctx, d, readReport, `SELECT `+reportColumns+` FROM reports`+w.String()+` ORDER BY `+order+` LIMIT ?`, append(w.args, page.Rows())...)
}

// DecideReport implements store.Reports.
func (d *DB) DecideReport(ctx context.Context, id string, v store.Decision) error {
	n, err := d.exec(ctx, `UPDATE reports SET status = ?, decided = ?, decided_by = ?, decision = ?, note = ? WHERE id = ? AND status = 'open'`,
		string(v.Status), ms(v.At), v.By, v.Decision, v.Note, id)
	if err != nil || n > 0 {
		return err
	}
	if n, err = d.count(ctx, `SELECT COUNT(*) FROM reports WHERE id = ?`, id); err != nil {
		return err
	} else if n == 0 {
		return store.ErrNotFound
	}
	return store.ErrDecided
}

// HoldReport implements store.Reports.
func (d *DB) HoldReport(ctx context.Context, id string, until time.Time) error {
	return d.one(ctx, `UPDATE reports SET hold = ? WHERE id = ?`, ms(until), id)
}

// CountReports implements store.Reports.
func (d *DB) CountReports(ctx context.Context, user string) (store.ReportCounts, error) {
	c, err := get(ctx, d, func(scan func(...any) error) (c store.ReportCounts, err error) {
		return c, scan(&c.Made, &c.MadeActed, &c.MadeDismissed)
	}, counted+` FROM reports WHERE reporter = ?`, user)
	if err != nil {
		return c, err
	}
	received, err := get(ctx, d, func(scan func(...any) error) (c store.ReportCounts, err error) {
		return c, scan(&c.Received, &c.ReceivedActed, &c.ReceivedDismissed, &c.Reporters)
	}, counted+`, COUNT(DISTINCT reporter) FROM reports WHERE reported = ?`, user)
	received.Made, received.MadeActed, received.MadeDismissed = c.Made, c.MadeActed, c.MadeDismissed
	return received, err
}

const counted = `SELECT COUNT(*), COUNT(CASE WHEN status = 'acted' THEN 1 END), COUNT(CASE WHEN status = 'dismissed' THEN 1 END)`
