package stack_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/stack"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func says(word string) func(string) bool {
	return func(line string) bool { return strings.TrimSpace(line) == word }
}

func TestSignalsArrive(t *testing.T) {
	p, err := stack.Start(stack.Program{Args: []string{"sh", "-c", `trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done`}, Ready: says("ready")})
	if err != nil {
		t.Fatal(err)
	}
	p.Signal("TERM")
	if err := p.Err(); err == nil || err.Error() != "exit status 7" {
		t.Errorf("it ended with %v", err)
	}
	p.Signal("TERM") // to nobody
	p.Kill()
}

func TestKillTakesChildrenToo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	p, err := stack.Start(stack.Program{Args: []string{"sh", "-c", `sleep 1000 & echo $! >"$0"; echo ready; wait`, file}, Ready: says("ready")})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stat := filepath.Join("/proc", strings.TrimSpace(string(text)), "stat")
	if !alive(stat) {
		t.Fatal("the child does not run")
	}
	p.Kill()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for late := time.Now().Add(20 * time.Second); alive(stat); <-look.C {
		if time.Now().After(late) {
			t.Fatal("the child lives on")
		}
	}
	if err := p.Err(); err == nil {
		t.Errorf("killed, and ended well")
	}
}

// alive looks into /proc; a zombie is dead.
func alive(stat string) bool {
	text, err := os.ReadFile(stat)
	return err == nil && !strings.Contains(string(text), ") Z ")
}

func TestWhatDoesNotStartSaysWhy(t *testing.T) {
	for name, p := range map[string]stack.Program{
		"ends":    {Args: []string{"sh", "-c", "echo no room >&2; exit 3"}, Ready: says("ready")},
		"missing": {Args: []string{"no-such-program-of-ours"}},
	} {
		_, err := stack.Start(p)
		if err == nil || name == "ends" && !(strings.Contains(err.Error(), "no room") && strings.Contains(err.Error(), "exit status 3")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFreeAddr(t *testing.T) {
	if _, err := stack.FreeAddr("192.0.2.1"); err == nil {
		t.Errorf("found a port on an address that is not ours")
	}
}
