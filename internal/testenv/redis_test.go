package testenv_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"passerby/internal/testenv"
)

// ask sends one command and returns the first line of the answer.
func ask(t *testing.T, addr, command string) (string, error) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

func TestRedis(t *testing.T) {
	addr := strings.TrimPrefix(testenv.Redis(t, "--maxmemory", "100mb"), "redis://")
	if got, err := ask(t, addr, "PING"); err != nil || got != "+PONG" {
		t.Errorf("PING: %q, %v", got, err)
	}
}

func TestRedisIsKilledAndComesBack(t *testing.T) {
	s := testenv.StartRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	if got, err := ask(t, s.Addr, "SET k v"); err != nil || got != "+OK" {
		t.Fatalf("SET: %q, %v", got, err)
	}
	s.Kill()
	if _, err := ask(t, s.Addr, "PING"); err == nil {
		t.Error("it was killed, and answers")
	}
	s.Start()
	if got, err := ask(t, s.Addr, "STRLEN k"); err != nil || got != ":1" {
		t.Errorf("after the restart: %q, %v", got, err)
	}
}

func TestRedisCluster(t *testing.T) {
	_, servers := testenv.RedisCluster(t)
	for _, s := range servers {
		addr := s.Addr
		// Every node knows an owner of this key: itself, or it moves the caller on.
		if got, err := ask(t, addr, "GET {k}"); err != nil || got != "$-1" && !strings.HasPrefix(got, "-MOVED") {
			t.Errorf("%s: %q, %v", addr, got, err)
		}
	}
}
