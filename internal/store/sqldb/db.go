package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"passerby/internal/store"
)

// callTimeout bounds every call, and every transaction.
const callTimeout = 5 * time.Second

// Dialect is what two databases say differently.
type Dialect struct {
	Numbered bool                 // arguments are $1, $2 …, not ?
	Skip     string               // ends a SELECT that leaves out rows which another transaction holds; "": they all go one by one
	Lock     string               // statement that lets one transaction at a time append to the audit log; "": they all go one by one
	IsUnique func(err error) bool // the error says that a row is there already
	Unsent   func(err error) bool // nothing reached the database: its connection was dead; may be nil
	Close    func() error         // what to close after the pool; may be nil
}

// DB is a Store in a database.
type DB struct {
	pool     *sql.DB
	q        querier // the pool, or the transaction
	inTx     bool
	dialect  Dialect
	auditKey []byte
}

var _ store.Store = (*DB)(nil)

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// New makes a Store of an open pool, whose tables are there. The key is that of the audit log's MACs, 32 bytes.
func New(pool *sql.DB, dialect Dialect, auditKey []byte) *DB {
	return &DB{pool: pool, q: pool, dialect: dialect, auditKey: auditKey}
}

// Within implements store.Store.
func (d *DB) Within(ctx context.Context, f func(tx store.Store) error) error {
	return d.within(ctx, func(_ context.Context, tx *DB) error { return f(tx) })
}

func (d *DB) within(ctx context.Context, f func(ctx context.Context, tx *DB) error) error {
	if d.inTx {
		return f(ctx, d)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	tx, err := fresh(d, func() (*sql.Tx, error) { return d.pool.BeginTx(ctx, nil) })
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	inner := *d
	inner.q, inner.inTx = tx, true
	if err := f(ctx, &inner); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", err)
	}
	return nil
}

// ignoreDone leaves out that a transaction had ended already, with its context.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// Ping implements store.Store.
func (d *DB) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return d.pool.PingContext(ctx)
}

// Close closes the pool.
func (d *DB) Close() error {
	err := d.pool.Close()
	if d.dialect.Close != nil {
		err = errors.Join(err, d.dialect.Close())
	}
	return err
}

// fresh calls again while the pool hands out connections that a restart of the database has left dead.
func fresh[T any](d *DB, call func() (T, error)) (T, error) {
	v, err := call()
	for range 10 {
		if err == nil || d.inTx || d.dialect.Unsent == nil || !d.dialect.Unsent(err) {
			break
		}
		v, err = call()
	}
	return v, err
}

// exec runs a statement and answers how many rows it touched.
func (d *DB) exec(ctx context.Context, query string, args ...any) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	res, err := fresh(d, func() (sql.Result, error) { return d.q.ExecContext(ctx, d.bind(query), args...) })
	if err != nil {
		if d.dialect.IsUnique(err) {
			return 0, store.ErrExists
		}
		return 0, fmt.Errorf("store: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// one is exec of a statement that must touch a row.
func (d *DB) one(ctx context.Context, query string, args ...any) error {
	n, err := d.exec(ctx, query, args...)
	if err == nil && n == 0 {
		return store.ErrNotFound
	}
	return err
}

// list reads rows, each by the given function.
func list[T any](ctx context.Context, d *DB, read func(scan func(...any) error) (T, error), query string, args ...any) (_ []T, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	rows, err := fresh(d, func() (*sql.Rows, error) { return d.q.QueryContext(ctx, d.bind(query), args...) })
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var all []T
	for rows.Next() {
		v, err := read(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("store: read: %w", err)
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// get reads one row, or answers ErrNotFound.
func get[T any](ctx context.Context, d *DB, read func(scan func(...any) error) (T, error), query string, args ...any) (T, error) {
	all, err := list(ctx, d, read, query, args...)
	if err == nil && len(all) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return all[0], nil
}

// count reads one number.
func (d *DB) count(ctx context.Context, query string, args ...any) (int, error) {
	return get(ctx, d, func(scan func(...any) error) (n int, err error) { return n, scan(&n) }, query, args...)
}

// bind numbers the arguments if the database wants them numbered.
func (d *DB) bind(query string) string {
	if !d.dialect.Numbered {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, more := strings.Cut(query, "?")
		b.WriteString(before)
		if !more {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}
