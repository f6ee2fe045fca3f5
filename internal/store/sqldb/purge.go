package sqldb

import (
	"context"
	"time"

	"passerby/internal/store"
)

// Purge implements store.Store.
func (d *DB) Purge(ctx context.Context, keep store.Retention, now time.Time, limit int) (p store.Purged, err error) {
	for _, s := range []struct {
		count *int
		keep  time.Duration
		query string // with the last moment that goes, and limit
	}{
		{&p.Chats, keep.Chats, `DELETE FROM chats WHERE id IN (SELECT id FROM chats WHERE started <= ? LIMIT ?)`},
		{&p.Networks, keep.Networks, `UPDATE users SET narrow = '', wide = '', seen = 0 WHERE id IN (SELECT id FROM users WHERE seen > 0 AND seen <= ? LIMIT ?)`},
		{&p.Blocks, keep.Users, `DELETE FROM blocks WHERE user_id IN (SELECT id FROM users WHERE last_at <= ? ORDER BY last_at, id LIMIT ?)`},
		{&p.Users, keep.Users, `DELETE FROM users WHERE id IN (SELECT id FROM users WHERE last_at <= ? ORDER BY last_at, id LIMIT ?)`},
		{&p.Appeals, keep.Appeals, `DELETE FROM appeals WHERE id IN (SELECT id FROM appeals WHERE status <> 'open' AND decided <= ? LIMIT ?)`},
		{&p.Notices, keep.Notices, `DELETE FROM notices WHERE id IN (SELECT id FROM notices WHERE at <= ? LIMIT ?)`},
	} {
		if s.keep <= 0 {
			continue
		}
		if *s.count, err = d.exec(ctx, s.query, ms(now.Add(-s.keep)), limit); err != nil {
			return p, err
		}
	}
	if keep.Reports > 0 {
		p.Reports, err = d.exec(ctx, `DELETE FROM reports WHERE id IN (SELECT id FROM reports WHERE status <> 'open' AND decided <= ? AND hold <= ? LIMIT ?)`,
			ms(now.Add(-keep.Reports)), ms(now), limit)
		if err != nil {
			return p, err
		}
	}
	if keep.Bans > 0 {
		before := ms(now.Add(-keep.Bans))
		p.Bans, err = d.exec(ctx, `DELETE FROM bans WHERE id IN (SELECT id FROM bans WHERE (lifted > 0 AND lifted <= ?) OR (until > 0 AND until <= ?) LIMIT ?)`, before, before, limit)
		if err != nil {
			return p, err
		}
	}
	p.ModeratorSessions, err = d.exec(ctx, `DELETE FROM moderator_sessions WHERE id IN (SELECT id FROM moderator_sessions WHERE expires <= ? LIMIT ?)`, ms(now), limit)
	return p, err
}
