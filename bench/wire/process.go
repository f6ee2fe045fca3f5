package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// process is a program under measurement.
type process struct {
	addr string
	cmd  *exec.Cmd
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

func freeAddr() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// startNode starts `passerby serve`; redis may be "".
func startNode(bin, dir, redis string) (*process, error) {
	cmd := exec.Command(bin, "serve", "--http", "127.0.0.1:0", "--udp", "127.0.0.1:0", "--tcp", "off", "--turn-listen", "off", "--admin", "off", //nolint:gosec // the program to measure
		"--public-ip", "127.0.0.1", "--data-dir", filepath.Join(dir, "data"), "--log-level", "error", "--max-sessions", "200000")
	cmd.Env = append(os.Environ(), "PASSERBY_REDIS="+redis)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "http://"); ok {
			p.addr = strings.Replace(url, "localhost", "127.0.0.1", 1)
			return p, nil
		}
	}
	p.stop()
	return nil, errors.New("the node does not start")
}

// startOther starts a program that listens on an address.
func startOther(addr, bin string, args ...string) (*process, error) {
	p := &process{addr: addr, cmd: exec.Command(bin, args...)} //nolint:gosec // redis-server, or this program
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", addr); err == nil {
			return p, c.Close()
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s does not start", bin)
}

func startRedis(dir string) (*process, error) {
	addr := freeAddr()
	_, port, _ := net.SplitHostPort(addr)
	return startOther(addr, "redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", dir, "--daemonize", "no")
}

var rss = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident is the memory of a process in KB.
func (p *process) resident() int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if m := rss.FindSubmatch(status); err == nil && m != nil {
		kb, _ := strconv.Atoi(string(m[1]))
		return kb
	}
	return 0
}

// settled is the memory once it has stayed the same, within one percent, for five seconds (a minute at most).
func (p *process) settled() int {
	last, calm := p.resident(), 0
	for i := 0; i < 60 && calm < 5; i++ {
		time.Sleep(time.Second)
		now := p.resident()
		if calm++; now > last*101/100 || now < last*99/100 {
			last, calm = now, 0
		}
	}
	return p.resident()
}
