package sqldb

import (
	"context"
	"slices"
	"time"

	"passerby/internal/store"
)

func readEvent(scan func(...any) error) (e store.Event, err error) {
	return e, scan(&e.Seq, &e.ID, &e.Kind, &e.Topic, moment{&e.At}, &e.Body, &e.Tries)
}

// Announce implements store.Outbox.
func (d *DB) Announce(ctx context.Context, sinks []string, events []store.Event) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		for _, e := range events {
			for _, sink := range sinks {
				_, err := tx.exec(ctx, `INSERT INTO outbox (sink, id, kind, topic, at, body, tries, due, settled, given_up) VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, 0)
					ON CONFLICT (sink, id) DO NOTHING`, sink, e.ID, e.Kind, e.Topic, ms(e.At), orEmpty(e.Body))
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// ClaimEvents implements store.Outbox.
func (d *DB) ClaimEvents(ctx context.Context, sink string, now, until time.Time, limit int) ([]store.Event, error) {
	// A row that another claim has just taken is not due any more when this one gets to see it.
	events, err := list(ctx, d, readEvent, `WITH next AS MATERIALIZED (
			SELECT seq FROM outbox o WHERE o.sink = ? AND o.settled = 0 AND o.due <= ?
			AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.sink = o.sink AND e.topic = o.topic AND e.settled = 0 AND e.seq < o.seq)
			ORDER BY o.seq LIMIT ?`+d.dialect.Skip+`)
		UPDATE outbox SET due = ?, tries = tries + 1 WHERE seq IN (SELECT seq FROM next) RETURNING seq, id, kind, topic, at, body, tries`,
		sink, ms(now), limit, ms(until))
	slices.SortFunc(events, func(a, b store.Event) int { return int(a.Seq - b.Seq) })
	return events, err
}

// SettleEvents implements store.Outbox.
func (d *DB) SettleEvents(ctx context.Context, fates []store.Fate) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		for _, f := range fates {
			given := 0
			if f.GivenUp {
				given = 1
			}
			if _, err := tx.exec(ctx, `UPDATE outbox SET due = ?, settled = ?, given_up = ? WHERE seq = ? AND settled = 0`, ms(f.Again), ms(f.Settled), given, f.Seq); err != nil {
				return err
			}
		}
		return nil
	})
}

// PurgeEvents implements store.Outbox.
func (d *DB) PurgeEvents(ctx context.Context, delivered, happened time.Time, limit int) (int, error) {
	n, err := d.exec(ctx, `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE settled > 0 AND settled <= ? AND given_up = 0 LIMIT ?)`, ms(delivered), limit)
	if err != nil {
		return n, err
	}
	old, err := d.exec(ctx, `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE at <= ? LIMIT ?)`, ms(happened), limit)
	return n + old, err
}

// EventBacklog implements store.Outbox.
func (d *DB) EventBacklog(ctx context.Context, sink string) (store.Backlog, error) {
	return get(ctx, d, func(scan func(...any) error) (b store.Backlog, err error) {
		return b, scan(&b.Waiting, moment{&b.Oldest})
	}, `SELECT COUNT(*), COALESCE(MIN(at), 0) FROM (SELECT at FROM outbox WHERE sink = ? AND settled = 0 ORDER BY seq LIMIT ?) AS waiting`, sink, store.BacklogCounted)
}
