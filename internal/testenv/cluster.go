package testenv

import (
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RedisCluster starts a Redis Cluster of three masters and returns its URL and its servers. It keeps nothing on disk
// and ends with the test.
func RedisCluster(t testing.TB) (url string, servers []*RedisServer) {
	t.Helper()
	return redisCluster(t, 3)
}

// ReplicatedRedisCluster is RedisCluster with a replica for each master, which takes its place within some three seconds.
func ReplicatedRedisCluster(t testing.TB) (url string, masters, replicas []*RedisServer) {
	t.Helper()
	url, servers := redisCluster(t, 6)
	for i, s := range servers[3:] {
		s.cli("CLUSTER", "REPLICATE", servers[i].id())
	}
	for i, s := range servers[3:] {
		s.await("ROLE", "slave", "connected")
		servers[i].await("ROLE", "master", s.port())
	}
	return url, servers[:3], servers[3:]
}

// AwaitPromoted waits until all of a cluster's servers that live hold the replica for a master, and the cluster whole.
func AwaitPromoted(replica *RedisServer, alive []*RedisServer) {
	id := replica.id()
	for _, s := range alive {
		s.until("no promotion of "+replica.Addr, func() (said string, ok bool) {
			said = s.cli("CLUSTER", "NODES")
			for line := range strings.Lines(said) {
				fields := strings.Fields(line)
				ok = ok || fields[0] == id && slices.Contains(strings.Split(fields[2], ","), "master")
			}
			return said, ok
		})
		s.await("CLUSTER INFO", "cluster_state:ok")
	}
}

// redisCluster starts so many servers; the first three have the slots.
func redisCluster(t testing.TB, n int) (url string, servers []*RedisServer) {
	t.Helper()
	var hosts []string
	for range n {
		_, bus, _ := net.SplitHostPort(FreeAddr(t)) // the usual one, port + 10000, may not exist
		s := StartRedis(t, "--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000")
		s.bus = bus
		servers, hosts = append(servers, s), append(hosts, s.Addr)
	}
	for i, s := range servers {
		s.cli("CLUSTER", "SET-CONFIG-EPOCH", fmt.Sprint(i+1))
		if i < 3 {
			s.cli("CLUSTER", "ADDSLOTSRANGE", fmt.Sprint((i*16384+2)/3), fmt.Sprint(((i+1)*16384+2)/3-1))
		}
		if i > 0 {
			s.cli("CLUSTER", "MEET", "127.0.0.1", servers[0].port(), servers[0].bus)
		}
	}
	for _, s := range servers {
		s.await("CLUSTER INFO", "cluster_state:ok", fmt.Sprint("cluster_known_nodes:", n))
	}
	return "redis+cluster://" + strings.Join(hosts, ","), servers
}

// await waits until the answer to a command holds all of the words.
func (s *RedisServer) await(command string, words ...string) {
	s.t.Helper()
	s.until("the cluster does not come up: "+command, func() (string, bool) {
		said := s.cli(strings.Fields(command)...)
		return said, !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(said, w) })
	})
}

// until asks a server until the answer is the one waited for.
func (s *RedisServer) until(orElse string, ask func() (said string, ok bool)) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		said, ok := ask()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("Redis at %s: %s:\n%s", s.Addr, orElse, said)
		}
	}
}

func (s *RedisServer) port() string {
	_, port, _ := net.SplitHostPort(s.Addr)
	return port
}

// MoveSlot gives a slot without keys to the target, in the order that Redis asks for: the target takes a new configuration
// epoch with it. Told otherwise, two servers can each hold the other for the owner, for good.
func MoveSlot(t testing.TB, servers []*RedisServer, slot int64, target *RedisServer) {
	t.Helper()
	at, id := fmt.Sprint(slot), target.id()
	var source *RedisServer
	for _, s := range servers {
		if s.owns(slot) {
			source = s
		}
	}
	if source == nil {
		t.Fatalf("nobody owns slot %d", slot)
	}
	if source == target {
		return
	}
	target.cli("CLUSTER", "SETSLOT", at, "IMPORTING", source.id())
	source.cli("CLUSTER", "SETSLOT", at, "MIGRATING", id)
	target.cli("CLUSTER", "SETSLOT", at, "NODE", id)
	for _, s := range servers {
		if s != target {
			s.cli("CLUSTER", "SETSLOT", at, "NODE", id)
		}
	}
}

func (s *RedisServer) id() string { return strings.TrimSpace(s.cli("CLUSTER", "MYID")) }

// owns says whether the server holds the slot for its own.
func (s *RedisServer) owns(slot int64) bool {
	s.t.Helper()
	for line := range strings.Lines(s.cli("CLUSTER", "NODES")) {
		fields := strings.Fields(line)
		if len(fields) < 8 || !strings.Contains(fields[2], "myself") {
			continue
		}
		for _, r := range fields[8:] {
			from, to, ranged := strings.Cut(r, "-")
			if !ranged {
				to = from
			}
			first, err1 := strconv.ParseInt(from, 10, 64)
			last, err2 := strconv.ParseInt(to, 10, 64)
			if err1 == nil && err2 == nil && first <= slot && slot <= last {
				return true
			}
		}
	}
	return false
}

// cli runs one command of redis-cli.
func (s *RedisServer) cli(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("redis-cli", append([]string{"-p", s.port()}, args...)...).CombinedOutput() //nolint:gosec // commands of this file
	if err != nil || strings.HasPrefix(string(out), "ERR") {
		s.t.Fatalf("redis-cli %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
