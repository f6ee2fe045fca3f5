//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	realm = "passerby"
	user  = "ada"
	pass  = "a password of the benchmark"
)

// system is a server and how to start it on a port of 127.0.0.1.
type system struct {
	name    string
	command func(dir, port string) []string
}

// passerby is a build of ours.
func passerby(name, bin string) system {
	return system{name, func(_, port string) []string {
		return []string{bin, "turn", "--listen", "127.0.0.1:" + port, "--realm", realm, "--user", user + ":" + pass, "--relay-ip", "127.0.0.1",
			"--allow-peer", "127.0.0.0/8", "--quota", "100000", "--max-per-address", "100000", "--max-allocations", "100000", "--admin", "off", "--log-level", "error", "--drain-timeout", "0s"}
	}}
}

// systems are all of them; former is another build of ours, or empty.
func systems(bin, former string) []system {
	self, _ := os.Executable()
	all := []system{
		passerby("passerby", bin),
		{"coturn", func(dir, port string) []string {
			return []string{"turnserver", "-n", "-L", "127.0.0.1", "-E", "127.0.0.1", "-p", port, "-m", "1", "--no-tls", "--no-dtls", "--no-cli", "--lt-cred-mech",
				"--user", user + ":" + pass, "--realm", realm, "--allow-loopback-peers", "--log-file", filepath.Join(dir, "log"), "--simple-log",
				"--pidfile", filepath.Join(dir, "pid"), "--userdb", filepath.Join(dir, "db"), "--min-port", "20000", "--max-port", "60000"}
		}},
		{"pion", func(_, port string) []string { return []string{self, "-serve", "pion", "-port", port} }},
		{"bare", func(_, port string) []string { return []string{self, "-serve", "bare", "-port", port} }},
	}
	if former != "" {
		all = append(all, passerby("former", former))
	}
	return all
}

// running is a started server.
type running struct {
	name string
	at   netip.AddrPort
	pid  int
}

// with starts the server on the first core, lets f load it, and ends it.
func (s system) with(f func(*running) (map[string]float64, error)) (v map[string]float64, err error) {
	dir, err := os.MkdirTemp("", "passerby-turn-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("taskset", append([]string{"-c", "0"}, s.command(dir, strconv.Itoa(port))...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}()
	r := &running{name: s.name, at: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)), pid: cmd.Process.Pid} //nolint:gosec // a port
	for try := 0; ; try++ {
		if err := answers(r.at); err == nil {
			break
		} else if try == 100 {
			return nil, fmt.Errorf("%s does not answer: %w\n%s", s.name, err, said.String())
		}
	}
	if s.name == "coturn" {
		time.Sleep(4 * time.Second) // it prepares its relay ports for a while after it answers
	}
	return f(r)
}

// answers sends a Binding request, which bare echoes.
func answers(at netip.AddrPort) error {
	c, err := net.Dial("udp", at.String())
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err := c.Write(binding()); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 500))
	if err != nil {
		time.Sleep(50 * time.Millisecond) // a refusal comes at once
	}
	return err
}

// freePort is free for UDP and TCP, and none that the system would give to a client.
func freePort() (int, error) {
	for range 100 {
		port := 10000 + rand.IntN(8000)
		at := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		c, err := net.ListenPacket("udp4", at)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", at)
		_ = c.Close()
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port")
}

// resident is the server's memory in KB.
func (r *running) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", r.pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.Atoi(strings.Fields(string(b))[1])
	return float64(pages * os.Getpagesize() / 1024), err
}
