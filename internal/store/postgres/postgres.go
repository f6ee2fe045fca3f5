// Package postgres opens a Store in PostgreSQL, which nodes share. Its tables are made by `passerby migrate up`.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"passerby/internal/store/sqldb"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	connectTimeout   = 3 * time.Second
	statementTimeout = 5 * time.Second
)

// Check says what is wrong with a URL. It never repeats the URL, which may hold a password.
func Check(url string) error {
	_, err := parse(url)
	return err
}

func parse(url string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("no URL of PostgreSQL: write it like postgres://user:password@host:5432/passerby?sslmode=require")
	}
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	for name, value := range map[string]string{
		"application_name": "passerby", "timezone": "UTC",
		"statement_timeout":                   strconv.FormatInt(statementTimeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt(2*statementTimeout.Milliseconds(), 10),
	} {
		if _, given := cfg.ConnConfig.RuntimeParams[name]; !given {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	cfg.MaxConnIdleTime, cfg.MaxConnLifetime = 5*time.Minute, 30*time.Minute
	return cfg, nil
}

// Open opens a pool (pool_max_conns in the URL says how large; 4, or as many as there are CPUs). It does not wait for the server, and
// connects again by itself when that was away.
func Open(url string, auditKey []byte) (*sqldb.DB, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, err
	}
	conns, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL: %w", err)
	}
	return sqldb.New(stdlib.OpenDBFromPool(conns), sqldb.Dialect{
		Numbered: true, Skip: " FOR UPDATE SKIP LOCKED", Lock: `SELECT pg_advisory_xact_lock(7201466)`, IsUnique: isUnique, Unsent: pgconn.SafeToRetry,
		Close: func() error { conns.Close(); return nil },
	}, auditKey), nil
}

// Migrations opens the steps of a database, whose connections the function closes. They may take longer than other statements.
func Migrations(ctx context.Context, url string) (*sqldb.Migrations, func() error, error) {
	cfg, err := parse(url)
	if err != nil {
		return nil, nil, err
	}
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	pool := stdlib.OpenDB(*cfg.ConnConfig)
	if err := Ping(ctx, pool); err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, err
	}
	one, err := lock.NewPostgresSessionLocker() // two nodes may migrate at once
	if err != nil {
		return nil, nil, err
	}
	m, err := sqldb.NewMigrations(goose.DialectPostgres, pool, dir, goose.WithSessionLocker(one))
	return m, pool.Close, err
}

// Ping says in a sentence why a server cannot be used.
func Ping(ctx context.Context, pool *sql.DB) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return Explain(pool.PingContext(ctx))
}

// Explain says what is wrong in words that hold no secret.
func Explain(err error) error {
	var server *pgconn.PgError
	var dial *net.OpError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &server) && server.Code == "28P01":
		return errors.New("PostgreSQL refuses the password")
	case errors.As(err, &server) && server.Code == "3D000":
		return errors.New("PostgreSQL has no such database: make it with createdb")
	case errors.As(err, &server):
		return fmt.Errorf("PostgreSQL: %s (%s)", server.Message, server.Code)
	case errors.As(err, &dial):
		return fmt.Errorf("PostgreSQL cannot be reached: %w", dial)
	}
	return fmt.Errorf("PostgreSQL: %w", err)
}

func isUnique(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "23505"
}
