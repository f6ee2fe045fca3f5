package sqldb

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"passerby/internal/store"
)

const auditColumns = `seq, at, actor, action, target, detail, hash`

func readAudit(scan func(...any) error) (e store.AuditEntry, err error) {
	return e, scan(&e.Seq, moment{&e.At}, &e.Actor, &e.Action, &e.Target, raw{&e.Detail}, &e.Hash)
}

// AppendAudit implements store.Audit.
func (d *DB) AppendAudit(ctx context.Context, e store.AuditEntry) (store.AuditEntry, error) {
	err := d.within(ctx, func(ctx context.Context, tx *DB) error {
		if tx.dialect.Lock != "" {
			if _, err := tx.exec(ctx, tx.dialect.Lock); err != nil {
				return err
			}
		}
		last, err := list(ctx, tx, readAudit, `SELECT `+auditColumns+` FROM audit ORDER BY seq DESC LIMIT 1`)
		if err != nil {
			return err
		}
		var before []byte
		e.Seq = 1
		if len(last) > 0 {
			e.Seq, before = last[0].Seq+1, last[0].Hash
		}
		e.Hash = tx.chain(before, e)
		_, err = tx.exec(ctx, `INSERT INTO audit (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)`, e.Seq, ms(e.At), e.Actor, e.Action, e.Target, string(e.Detail), e.Hash)
		return err
	})
	return e, err
}

// chain is the hash of an entry: HMAC-SHA-256 over the previous hash and each field, every one with its length before it.
func (d *DB) chain(before []byte, e store.AuditEntry) []byte {
	mac := hmac.New(sha256.New, d.auditKey)
	for _, part := range [][]byte{
		before, binary.BigEndian.AppendUint64(nil, uint64(e.Seq)), binary.BigEndian.AppendUint64(nil, uint64(ms(e.At))), //nolint:gosec // bits
		[]byte(e.Actor), []byte(e.Action), []byte(e.Target), e.Detail,
	} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part)))) //nolint:gosec // far below
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// AuditLog implements store.Audit.
func (d *DB) AuditLog(ctx context.Context, before int64, limit int) ([]store.AuditEntry, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	return list(ctx, d, readAudit, `SELECT `+auditColumns+` FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?`, before, store.Page{Limit: limit}.Rows())
}

// VerifyAudit implements store.Audit.
func (d *DB) VerifyAudit(ctx context.Context, head store.AuditHead) (last store.AuditHead, err error) {
	seen := head.Seq == 0
	for {
		entries, err := list(ctx, d, readAudit, `SELECT `+auditColumns+` FROM audit WHERE seq > ? ORDER BY seq LIMIT 1000`, last.Seq)
		if err != nil {
			return last, err
		}
		for _, e := range entries {
			if e.Seq != last.Seq+1 {
				return last, fmt.Errorf("store: audit log: entry %d is missing", last.Seq+1)
			}
			if !hmac.Equal(e.Hash, d.chain(last.Hash, e)) {
				return last, fmt.Errorf("store: audit log: entry %d was changed, or one before it, or the key in the data directory is another", e.Seq)
			}
			last = store.AuditHead{Seq: e.Seq, Hash: e.Hash}
			if e.Seq == head.Seq {
				if !hmac.Equal(e.Hash, head.Hash) {
					return last, fmt.Errorf("store: audit log: entry %d is not the one that was there before", e.Seq)
				}
				seen = true
			}
		}
		if len(entries) == 0 {
			break
		}
	}
	if !seen {
		return last, fmt.Errorf("store: audit log: it ends at entry %d, and had %d before", last.Seq, head.Seq)
	}
	return last, nil
}
