package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// A server is a program to fill with users.
type server struct {
	name  string
	cmd   *exec.Cmd
	ready func() bool
	join  func(ctx context.Context, i int) (*client, error)
	heap  string // address of a heap profile, if the server has one
}

func goBuild(to, pkg string) error {
	cmd := exec.Command("go", "build", "-o", to, pkg) //nolint:gosec // names from this program
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// freePort is one that was free a moment ago.
func freePort() int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

func passerby(bin, dir string) server {
	web, media, admin := freePort(), freePort(), freePort()
	data, _ := os.MkdirTemp(dir, "data")
	cmd := exec.Command(bin, "serve", //nolint:gosec // the program to measure
		"--http", fmt.Sprint("127.0.0.1:", web), "--udp", fmt.Sprint("127.0.0.1:", media), "--tcp", "off", "--turn-listen", "off",
		"--public-ip", "127.0.0.1", "--admin", fmt.Sprint("127.0.0.1:", admin), "--data-dir", filepath.Clean(data), "--log-level", "error")
	return server{
		name: "passerby", cmd: cmd, heap: fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/heap?gc=1", admin),
		ready: func() bool {
			r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/readyz", admin))
			if err != nil {
				return false
			}
			_ = r.Body.Close()
			return r.StatusCode == http.StatusOK
		},
		join: func(ctx context.Context, i int) (*client, error) {
			return joinPasserby(ctx, fmt.Sprintf("127.0.0.1:%d", web), i)
		},
	}
}

func newpeer(bin string) server {
	web, media := freePort(), freePort()
	addr := fmt.Sprint("127.0.0.1:", web)
	return server{
		name: "newpeer",
		cmd:  exec.Command(bin, "--http", addr, "--udp", fmt.Sprint("127.0.0.1:", media)), //nolint:gosec // built above
		ready: func() bool {
			c, err := net.Dial("tcp", addr)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		},
		join: func(ctx context.Context, _ int) (*client, error) { return joinNewpeer(ctx, addr) },
	}
}

// fill starts the server, lets users in and says what each costs; the heap profile goes to `heap`.
func (s server) fill(users int, heap string) (r result, err error) {
	var log bytes.Buffer
	s.cmd.Stderr = &log
	s.cmd.Env = append(os.Environ(), "GOGC=100")
	if err := s.cmd.Start(); err != nil {
		return r, err
	}
	defer func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		if err != nil && log.Len() > 0 {
			err = fmt.Errorf("%w; the server says: %s", err, bytes.TrimSpace(log.Bytes()[:min(log.Len(), 2000)]))
		}
	}()
	if !wait(20*time.Second, s.ready) {
		return r, errors.New("the server does not get ready")
	}
	r = result{Server: s.name, Users: users, BeforeKB: resident(s.cmd.Process.Pid)}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	var mu sync.Mutex
	clients := make([]*client, 0, users)
	defer func() {
		var closing sync.WaitGroup
		for _, c := range clients {
			closing.Go(c.close)
		}
		closing.Wait()
	}()
	g, joining := errgroup.WithContext(ctx)
	g.SetLimit(8)
	var joined atomic.Int64
	for i := range users {
		g.Go(func() error {
			c, err := s.join(joining, i)
			if err != nil {
				return fmt.Errorf("user %d (%d are in): %w", i, joined.Load(), err)
			}
			joined.Add(1)
			mu.Lock()
			clients = append(clients, c)
			mu.Unlock()
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return r, err
	}
	r.AfterKB = settle(s.cmd.Process.Pid)
	r.PerUserKB = float64(r.AfterKB-r.BeforeKB) / float64(users)
	return r, s.profile(heap)
}

// profile saves what the heap is made of.
func (s server) profile(to string) error {
	if s.heap == "" {
		return nil
	}
	answer, err := http.Get(s.heap)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

func wait(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return false
}

// settle waits until the memory has not moved by more than one percent for ten seconds (a minute at most).
func settle(pid int) int {
	last, calm := resident(pid), 0
	for range 60 {
		time.Sleep(time.Second)
		now := resident(pid)
		if calm++; now > last*101/100 || now < last*99/100 {
			last, calm = now, 0
		}
		if calm >= 10 {
			break
		}
	}
	return resident(pid)
}

var rss = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory of a process in KB.
func resident(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	m := rss.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kb, _ := strconv.Atoi(string(m[1]))
	return kb
}
