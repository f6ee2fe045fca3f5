package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
)

// Migration is a step of the tables' making.
type Migration struct {
	Name    string
	Applied time.Time // zero: not yet
}

// Migrations brings the tables of one database up to date.
type Migrations struct{ provider *goose.Provider }

// NewMigrations reads the steps, which are *.sql files of dir. With lock nodes that start at once wait for one another.
func NewMigrations(dialect goose.Dialect, pool *sql.DB, dir fs.FS, options ...goose.ProviderOption) (*Migrations, error) {
	p, err := goose.NewProvider(dialect, pool, dir, append(options, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	return &Migrations{p}, nil
}

// Up applies what is missing, each step in a transaction, and answers the names.
func (m *Migrations) Up(ctx context.Context) ([]string, error) {
	done, err := m.provider.Up(ctx)
	var names []string
	for _, r := range done {
		names = append(names, r.Source.Path)
	}
	if err != nil {
		return names, fmt.Errorf("store: migrate: %w", err)
	}
	return names, nil
}

// Status lists all steps in their order.
func (m *Migrations) Status(ctx context.Context) ([]Migration, error) {
	all, err := m.provider.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: migrations: %w", err)
	}
	var steps []Migration
	for _, s := range all {
		steps = append(steps, Migration{Name: s.Source.Path, Applied: s.AppliedAt})
	}
	return steps, nil
}

// ErrBehind: the database lacks tables of this version.
var ErrBehind = errors.New(`the database's tables are not up to date: run "passerby migrate up"`)

// Check answers ErrBehind when steps are missing.
func (m *Migrations) Check(ctx context.Context) error {
	behind, err := m.provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("store: migrations: %w", err)
	}
	if behind {
		return ErrBehind
	}
	return nil
}
