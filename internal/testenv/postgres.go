package testenv

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// PostgresServer is a real PostgreSQL on a private port, with a directory of its own. It is used by one goroutine.
type PostgresServer struct {
	Addr string // host:port

	t    testing.TB
	bin  string // directory of its programs
	dir  string
	as   *syscall.Credential // nil: ourselves
	life io.Closer           // the process lives while this pipe is open
	wait func()
}

// StartPostgres starts a PostgreSQL of the test's own with an empty database; it ends with the test. It refuses to run as root, who
// starts it as the user postgres of its package, or as nobody.
func StartPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	s := &PostgresServer{t: t, Addr: FreeAddr(t), bin: postgresPrograms(t)}
	dir, err := os.MkdirTemp("", "passerby-postgres-") // t.TempDir is closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Geteuid() == 0 {
		s.as = unprivileged(t)
		if err := os.Chown(dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.dir = filepath.Join(dir, "data")
	initdb := s.command(filepath.Join(s.bin, "initdb"), "--pgdata="+s.dir, "--username=passerby", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// URL is where clients find the database.
func (s *PostgresServer) URL() string {
	return "postgres://passerby@" + s.Addr + "/postgres?sslmode=disable"
}

// Start starts the server again after Kill, with its data as they were left, and waits until it serves.
func (s *PostgresServer) Start() {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.Addr)
	// The shell ends the server when our end of its input closes: also when the tests die and clean nothing up.
	cmd := s.command("sh", "-c", `"$@" 2>&1 & pid=$!; exec >&-; read -r _; kill -QUIT $pid; wait $pid`, "postgres",
		filepath.Join(s.bin, "postgres"), "-D", s.dir, "-p", port, "-h", "127.0.0.1", "-k", "", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "lc_messages=C")
	in, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan struct{})
	var last strings.Builder
	go func() {
		defer close(ended)
		seen := false
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if seen {
				continue
			}
			fmt.Fprintln(&last, lines.Text())
			if seen = strings.Contains(lines.Text(), "ready to accept connections"); seen {
				close(ready)
			}
		}
	}()
	s.life = in
	s.wait = func() {
		<-ended
		_ = cmd.Wait() // ended at once, as it should be
	}
	select {
	case <-ready:
	case <-ended:
		s.Kill()
		s.t.Fatalf("postgres does not start:\n%s", last.String())
	}
}

// Kill ends the server at once, with all connections. Killing twice changes nothing.
func (s *PostgresServer) Kill() {
	if s.life == nil {
		return
	}
	_ = s.life.Close()
	s.wait()
	s.life = nil
}

func (s *PostgresServer) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Dir(s.dir)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	if s.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	}
	return cmd
}

// postgresPrograms finds the directory of initdb and postgres, which Debian keeps out of PATH, by version.
func postgresPrograms(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Fatal("PostgreSQL is missing: run scripts/test-deps.sh, or install it (on Debian: apt-get install postgresql)")
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) }))
}

func unprivileged(t testing.TB) *syscall.Credential {
	t.Helper()
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}
