package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one that this program started.
type server struct {
	url, admin string
	cmd        *exec.Cmd
	dir        string
}

// buildServer leaves the server's program in dir.
func buildServer(dir string) (bin string, err error) {
	bin = filepath.Join(dir, "passerby")
	build := exec.Command("go", "build", "-o", bin, "./cmd/passerby") //nolint:gosec // our own
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return "", fmt.Errorf("build (run this from the repository's root): %w", err)
	}
	return bin, nil
}

func startServer(o options) (*server, error) {
	dir, err := os.MkdirTemp("", "load")
	if err != nil {
		return nil, err
	}
	var addrs [3]string
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		addrs[i] = l.Addr().String()
		_ = l.Close()
	}
	args := []string{
		"serve", "--http", addrs[0], "--admin", addrs[1], "--udp", addrs[2], "--tcp", "off", "--turn-listen", "off", "--public-ip", "127.0.0.1",
		"--data-dir", filepath.Join(dir, "data"), "--programs", "allow", "--proof", "off", "--trusted-proxies", "127.0.0.0/8",
		"--max-sessions", strconv.Itoa(4*o.people + 100), "--log-level", "warn",
	}
	s := &server{url: "http://" + addrs[0], admin: "http://" + addrs[1], dir: dir}
	s.cmd = exec.Command(o.bin, append(args, strings.Fields(o.serverFlags)...)...) //nolint:gosec // our own
	s.cmd.Stderr = os.Stderr
	if o.serverProcs > 0 {
		s.cmd.Env = append(os.Environ(), fmt.Sprint("GOMAXPROCS=", o.serverProcs))
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if r, err := http.Get(s.admin + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return s, nil
			}
		}
	}
	s.stop()
	return nil, errors.New("the server does not get ready")
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = s.cmd.Process.Kill() })()
	_ = s.cmd.Wait()
	_ = os.RemoveAll(s.dir)
}
