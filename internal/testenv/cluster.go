package testenv

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// RedisCluster starts a Redis Cluster of three masters and returns its URL and its servers. It keeps nothing on disk
// and ends with the test.
func RedisCluster(t testing.TB) (url string, servers []*RedisServer) {
	t.Helper()
	var hosts []string
	for range 3 {
		_, bus, _ := net.SplitHostPort(freeAddr(t)) // the usual one, port + 10000, may not exist
		s := StartRedis(t, "--save", "", "--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", bus, "--cluster-node-timeout", "2000")
		s.bus = bus
		servers, hosts = append(servers, s), append(hosts, s.Addr)
	}
	for i, s := range servers {
		s.cli("CLUSTER", "SET-CONFIG-EPOCH", fmt.Sprint(i+1))
		s.cli("CLUSTER", "ADDSLOTSRANGE", fmt.Sprint((i*16384+2)/3), fmt.Sprint(((i+1)*16384+2)/3-1))
		if i > 0 {
			host, port, _ := net.SplitHostPort(servers[0].Addr)
			s.cli("CLUSTER", "MEET", host, port, servers[0].bus)
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for _, s := range servers {
		for {
			info := s.cli("CLUSTER", "INFO")
			if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:3") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the Redis Cluster does not come up:\n%s", info)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return "redis+cluster://" + strings.Join(hosts, ","), servers
}

// cli runs one command of redis-cli.
func (s *RedisServer) cli(args ...string) string {
	s.t.Helper()
	_, port, _ := net.SplitHostPort(s.Addr)
	out, err := exec.Command("redis-cli", append([]string{"-p", port}, args...)...).CombinedOutput() //nolint:gosec // commands of this file
	if err != nil || strings.HasPrefix(string(out), "ERR") {
		s.t.Fatalf("redis-cli %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
