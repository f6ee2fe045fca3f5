package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"passerby/internal/store/sqlite"
	"passerby/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var key = []byte("0123456789abcdef0123456789abcdef")

func TestStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a dir?#%", "passerby.db")
	s, err := sqlite.Open(t.Context(), path, key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	raw, err := sql.Open("sqlite", "file:"+strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)+"?_pragma=busy_timeout(4000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	storetest.Run(t, storetest.Database{Store: s, Exec: func(q string) error { _, err := raw.Exec(q); return err }})

	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", path+suffix, info.Mode())
		}
	}
}

func TestOpenTwiceKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passerby.db")
	for range 2 {
		s, err := sqlite.Open(t.Context(), path, key)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m, closing, err := sqlite.Migrations(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = closing() }()
	steps, err := m.Status(t.Context())
	if err != nil || len(steps) == 0 || steps[0].Applied.IsZero() {
		t.Errorf("steps %v, %v", steps, err)
	}
	if done, err := m.Up(t.Context()); err != nil || len(done) != 0 {
		t.Errorf("up again: %v, %v", done, err)
	}
}

func TestFaultsNameTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "no.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("this is no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, file, filepath.Join(file, "x.db")} {
		if s, err := sqlite.Open(t.Context(), path, key); err == nil {
			_ = s.Close()
			t.Errorf("%s opens", path)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%v does not name %s", err, path)
		}
	}
}

func TestManyOpenAnEmptyFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passerby.db")
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			s, err := sqlite.Open(t.Context(), path, key)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
