// Package sqlite opens a Store in a file: the embedded default, for one node. It brings its tables up to date by itself.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"passerby/internal/store/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the file, makes it (mode 0600) when there is none, and brings its tables up to date. The key is that of the audit log.
func Open(ctx context.Context, path string, auditKey []byte) (*sqldb.DB, error) {
	pool, err := openPool(ctx, path)
	if err != nil {
		return nil, err
	}
	m, err := steps(pool)
	if err == nil {
		err = up(ctx, m)
	}
	if err != nil {
		return nil, errors.Join(explain(path, err), pool.Close())
	}
	return sqldb.New(pool, sqldb.Dialect{IsUnique: isUnique}, auditKey), nil
}

// up takes the steps that are missing. Nodes that share a file and start at once get in each other's way: who comes second finds it done.
func up(ctx context.Context, m *sqldb.Migrations) (err error) {
	for range 10 {
		if _, err = m.Up(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	return err
}

// Migrations opens the steps of a file, whose pool the function closes.
func Migrations(ctx context.Context, path string) (*sqldb.Migrations, func() error, error) {
	pool, err := openPool(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	m, err := steps(pool)
	return m, pool.Close, err
}

func steps(pool *sql.DB) (*sqldb.Migrations, error) {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return sqldb.NewMigrations(goose.DialectSQLite3, pool, dir)
}

func openPool(ctx context.Context, path string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, explain(path, err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite's own files get the mode of this one
	if err != nil {
		return nil, explain(path, err)
	}
	_ = f.Close()
	pool, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, explain(path, err)
	}
	// Readers do not wait for the writer (WAL); writers wait for one another, in SQLite itself.
	pool.SetMaxOpenConns(4)
	if err := reach(ctx, pool); err != nil {
		return nil, errors.Join(explain(path, err), pool.Close())
	}
	return pool, nil
}

// reach makes the first connection. SQLite does not wait, as busy_timeout has it, for who else turns a new file's journal into a WAL or
// takes it away.
func reach(ctx context.Context, pool *sql.DB) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for late := time.After(busy); ; {
		err := pool.PingContext(ctx)
		if err == nil || !isBusy(err) {
			return err
		}
		select {
		case <-again.C:
		case <-late:
			return err
		case <-ctx.Done():
			return err
		}
	}
}

// busy is how long who else writes is waited for.
const busy = 4 * time.Second

// dsn turns a path into the driver's address. A transaction takes the write lock when it begins, so that none fails half way.
func dsn(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: strings.Join([]string{
		fmt.Sprintf("_pragma=busy_timeout(%d)", busy.Milliseconds()), "_pragma=journal_mode(WAL)", "_pragma=synchronous(NORMAL)", "_pragma=foreign_keys(1)", "_pragma=secure_delete(1)", "_txlock=immediate",
	}, "&")}
	return u.String()
}

func isUnique(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == lib.SQLITE_CONSTRAINT_UNIQUE || e.Code() == lib.SQLITE_CONSTRAINT_PRIMARYKEY)
}

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == lib.SQLITE_BUSY // the rest says why
}

func explain(path string, err error) error {
	return fmt.Errorf("SQLite database %s: %w", path, err)
}
