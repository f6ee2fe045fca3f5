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

// TestShort is row C1, smaller and shorter.
func TestShort(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r, err := chaos(t.Context(), settings{
		cluster: stack.Config{
			Dir: dir, Site: "../../deploy/nginx/passerby.conf", Command: []string{self, "serve"}, Env: []string{asNode + "=1"},
			Flags: []string{"--grace", "1s", "--rematch", "100ms", "--log-level", "warn"},
		},
		repo: "../..", clients: 24, last: 16 * time.Second, every: 4 * time.Second, down: 1500 * time.Millisecond, pace: 250 * time.Millisecond,
		patient: 30 * time.Second, say: t.Logf,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(r)
	if r.Figures.bad() || r.Kills < 3 || r.Figures.Texts < 100 || r.Resumed < 10 {
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
}
