package testenv

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"passerby/internal/redisdb"
	"passerby/internal/stack"
)

// Redis starts a redis-server of the test's own, with these arguments on top, and returns its URL,
// "redis://127.0.0.1:PORT". It keeps nothing on disk and ends with the test.
func Redis(t testing.TB, args ...string) string {
	t.Helper()
	return StartRedis(t, append([]string{"--save", "", "--appendonly", "no"}, args...)...).URL()
}

// OpenRedis opens a client of the Redis at a URL, which closes with the test.
func OpenRedis(t testing.TB, url string) redisdb.Client {
	t.Helper()
	client, err := redisdb.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// RedisServer is a real redis-server on a private port, with a directory of its own. It is used by one goroutine.
type RedisServer struct {
	Addr string // host:port

	bus  string // port of the Cluster's bus
	t    testing.TB
	args []string
	life io.Closer // the process lives while this pipe is open
	wait func()
}

// StartRedis starts a redis-server with these arguments; it ends with the test.
func StartRedis(t testing.TB, args ...string) *RedisServer {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal("redis-server is missing: run scripts/test-deps.sh, or install it (on Debian: apt-get install redis-server)")
	}
	addr := FreeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	s := &RedisServer{t: t, Addr: addr, args: append([]string{"--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(), "--daemonize", "no"}, args...)}
	s.Start()
	t.Cleanup(s.Kill)
	return s
}

// URL is where clients find the server.
func (s *RedisServer) URL() string { return "redis://" + s.Addr }

// Start starts the server again after Kill, with its directory as it was left, and waits until it serves.
func (s *RedisServer) Start() {
	s.t.Helper()
	// The shell kills the server when our end of its input closes: also when the tests die and clean nothing up.
	cmd := exec.Command("sh", append([]string{"-c", `redis-server "$@" 2>&1 & pid=$!; exec >&-; read -r _; kill -9 $pid; wait $pid`, "redis"}, s.args...)...)
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
			if seen = strings.Contains(lines.Text(), "Ready to accept connections"); seen {
				close(ready)
			}
		}
	}()
	s.life = in
	s.wait = func() {
		<-ended
		_ = cmd.Wait() // killed, as it should be
	}
	select {
	case <-ready:
	case <-ended:
		s.Kill()
		s.t.Fatalf("redis-server does not start:\n%s", last.String())
	}
}

// Kill ends the server as kill -9 does. Killing twice changes nothing.
func (s *RedisServer) Kill() {
	if s.life == nil {
		return
	}
	_ = s.life.Close()
	s.wait()
	s.life = nil
}

// FreeAddr is an address of loopback where nobody listens, and that no outgoing connection is given.
func FreeAddr(t testing.TB) string {
	t.Helper()
	addr, err := stack.FreeAddr("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
