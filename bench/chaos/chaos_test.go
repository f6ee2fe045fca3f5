package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/app"
	"passerby/internal/stack"
)

// asNode makes the test binary a node: it runs the command line that follows, as cmd/passerby does.
const asNode = "PASSERBY_TEST_AS_NODE"

func TestMain(m *testing.M) {
	if os.Getenv(asNode) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		os.Exit(app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

// TestShort is row C1, smaller and shorter. Whoever lost his connection with a node is back within five seconds.
func TestShort(t *testing.T) {
	r, dir := short(t, false, 16*time.Second)
	if r.Figures.bad() || r.Kills < 3 || r.Figures.Texts < 100 || r.Resumed < 10 || r.AwayMax > 5 {
		told(t, r, dir)
	}
}

// TestRolling is row C2, smaller and without pages: three nodes are restarted, and nobody loses his connection.
func TestRolling(t *testing.T) {
	r, dir := short(t, true, 12*time.Second)
	if r.Figures.bad() || r.Kills < 3 || r.Figures.Texts < 100 || r.Moved < 10 || len(r.Troubles) > 0 || r.Resumed != r.Moved {
		told(t, r, dir)
	}
}

func short(t *testing.T, rolling bool, last time.Duration) (r result, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	r, err = chaos(t.Context(), settings{
		cluster: stack.Config{
			Dir: dir, Site: "../../deploy/nginx/passerby.conf", Command: []string{self, "serve"}, Env: []string{asNode + "=1"},
			Flags: []string{"--programs", "allow", "--grace", "1s", "--rematch", "100ms", "--log-level", "warn", "--drain-delay", "200ms"},
		},
		rolling: rolling, repo: "../..", clients: 24, last: last, every: 4 * time.Second, down: 1500 * time.Millisecond, pace: 250 * time.Millisecond,
		patient: 30 * time.Second, say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	return r, dir
}

// told fails with all that is known.
func told(t *testing.T, r result, dir string) {
	t.Helper()
	t.Errorf("%+v", r)
	for _, f := range r.Faults {
		t.Log(f)
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		t.Logf("%s:\n%s", filepath.Base(name), text[max(0, len(text)-4000):])
	}
}
