package sqldb

import (
	"context"

	"passerby/internal/store"
)

func readBlock(scan func(...any) error) (b store.Block, err error) {
	return b, scan(&b.User, &b.Other, moment{&b.At})
}

// SaveBlock implements store.Blocks.
func (d *DB) SaveBlock(ctx context.Context, b store.Block) error {
	return d.within(ctx, func(ctx context.Context, tx *DB) error {
		n, err := tx.exec(ctx, `INSERT INTO blocks (user_id, other, at) VALUES (?, ?, ?) ON CONFLICT (user_id, other) DO NOTHING`, b.User, b.Other, ms(b.At))
		if err != nil || n == 0 {
			return err
		}
		if n, err = tx.count(ctx, `SELECT COUNT(*) FROM blocks WHERE user_id = ?`, b.User); err != nil || n <= store.BlocksPerUser {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM blocks WHERE user_id = ? AND other IN (SELECT other FROM blocks WHERE user_id = ? ORDER BY at, other LIMIT ?)`,
			b.User, b.User, n-store.BlocksPerUser)
		return err
	})
}

// BlocksOf implements store.Blocks.
func (d *DB) BlocksOf(ctx context.Context, user string) ([]store.Block, error) {
	return list(ctx, d, readBlock, `SELECT user_id, other, at FROM blocks WHERE user_id = ? OR other = ? ORDER BY at DESC, user_id, other LIMIT ?`, user, user, 2*store.BlocksPerUser)
}
