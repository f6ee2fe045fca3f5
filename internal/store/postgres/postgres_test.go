package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"passerby/internal/store"
	"passerby/internal/store/postgres"
	"passerby/internal/store/sqldb"
	"passerby/internal/store/storetest"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("0123456789abcdef0123456789abcdef")

func TestStore(t *testing.T) {
	server := testenv.StartPostgres(t)
	s, err := postgres.Open(server.URL(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	migrate(t, server.URL())
	raw, err := sql.Open("pgx", server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	exec := func(q string) error { _, err := raw.Exec(q); return err }
	if err := exec(`TRUNCATE audit`); err == nil {
		t.Error("TRUNCATE empties the audit log")
	}
	storetest.Run(t, storetest.Database{Store: s, Exec: exec})

	// A server that went away and came back is used again.
	_ = raw.Close()
	server.Kill()
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a server that is gone answers")
	}
	if err := s.SaveBlock(t.Context(), store.Block{User: "a", Other: "b"}); err == nil {
		t.Error("a server that is gone keeps a block")
	}
	server.Start()
	if err := s.SaveBlock(t.Context(), store.Block{User: "a", Other: "b"}); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func migrate(t *testing.T, url string) {
	t.Helper()
	m, closing, err := postgres.Migrations(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closing() }()
	if err := m.Check(t.Context()); !errors.Is(err, sqldb.ErrBehind) {
		t.Errorf("an empty database: %v", err)
	}
	if done, err := m.Up(t.Context()); err != nil || len(done) == 0 {
		t.Fatalf("up: %v, %v", done, err)
	}
	if done, err := m.Up(t.Context()); err != nil || len(done) != 0 {
		t.Errorf("up again: %v, %v", done, err)
	}
	if err := m.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFaultsHoldNoSecret(t *testing.T) {
	for _, url := range []string{"postgres://u:hunter2@127.0.0.1:1/x?connect_timeout=1", "postgres://u:hunter2@[::1", "u:hunter2"} {
		_, _, err := postgres.Migrations(context.Background(), url)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v", err)
		}
	}
}
