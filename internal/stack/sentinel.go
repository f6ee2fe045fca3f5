package stack

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// sentinelName is what the Sentinels call the primary.
const sentinelName = "passerby"

// sentinelConf: a primary that is silent for two seconds is replaced when two of three Sentinels agree.
const sentinelConf = `port %s
bind 127.0.0.1
dir %s
sentinel monitor ` + sentinelName + ` 127.0.0.1 %s 2
sentinel down-after-milliseconds ` + sentinelName + ` 2000
sentinel failover-timeout ` + sentinelName + ` 5000
`

// Sentinel is a primary, a replica, and three Sentinels that promote the replica when the primary dies.
type Sentinel struct {
	Primary, Replica *Redis

	addrs     []string
	sentinels []*Process
}

// StartSentinel starts all, with the files in dir, and returns when every Sentinel knows of all others and of the replica.
func StartSentinel(dir string, log io.Writer) (_ *Sentinel, err error) {
	s := &Sentinel{}
	defer func() {
		if err != nil {
			s.Kill()
		}
	}()
	if s.Primary, err = s.redis(filepath.Join(dir, "primary"), log); err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(s.Primary.Addr)
	if s.Replica, err = s.redis(filepath.Join(dir, "replica"), log, "--replicaof", "127.0.0.1 "+port); err != nil {
		return nil, err
	}
	for i := range 3 {
		if err := s.sentinel(filepath.Join(dir, fmt.Sprint("sentinel-", i+1)), port, log); err != nil {
			return nil, err
		}
	}
	for late := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		if s.settled() {
			return s, nil
		}
		if time.Now().After(late) {
			return nil, fmt.Errorf("the Sentinels do not find each other in %v", patience)
		}
	}
}

func (s *Sentinel) redis(dir string, log io.Writer, args ...string) (*Redis, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	return StartRedis(dir, log, append([]string{"--save", "", "--appendonly", "no", "--repl-diskless-sync-delay", "0"}, args...)...)
}

func (s *Sentinel) sentinel(dir, primary string, log io.Writer) error {
	addr, err := FreeAddr("127.0.0.1")
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(addr)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "sentinel.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, sentinelConf, port, dir, primary), 0o600); err != nil {
		return err
	}
	p, err := Start(Program{Args: []string{"redis-server", file, "--sentinel"}, Log: log, Listens: addr})
	if err == nil {
		s.addrs, s.sentinels = append(s.addrs, addr), append(s.sentinels, p)
	}
	return err
}

// settled asks each Sentinel what it knows.
func (s *Sentinel) settled() bool {
	for _, addr := range s.addrs {
		_, port, _ := net.SplitHostPort(addr)
		out, err := exec.Command("redis-cli", "-p", port, "sentinel", "master", sentinelName).Output() //nolint:gosec // our own port
		fields := strings.Fields(string(out))
		known := map[string]string{}
		for i := 0; i+1 < len(fields); i += 2 {
			known[fields[i]] = fields[i+1]
		}
		if err != nil || known["num-slaves"] != "1" || known["num-other-sentinels"] != "2" || known["flags"] != "master" {
			return false
		}
	}
	_, port, _ := net.SplitHostPort(s.Replica.Addr)
	out, err := exec.Command("redis-cli", "-p", port, "info", "replication").Output() //nolint:gosec // our own port
	return err == nil && strings.Contains(string(out), "master_link_status:up")
}

// URL is where clients find whoever is the primary.
func (s *Sentinel) URL() string {
	return "redis+sentinel://" + strings.Join(s.addrs, ",") + "/" + sentinelName
}

// Kill ends all at once.
func (s *Sentinel) Kill() {
	for _, p := range s.sentinels {
		p.Kill()
	}
	for _, r := range []*Redis{s.Primary, s.Replica} {
		if r != nil {
			r.Kill()
		}
	}
}
