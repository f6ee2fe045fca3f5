package testenv

import (
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// RedisCluster starts a Redis Cluster of three masters, which ends with the test, and returns their addresses.
func RedisCluster(t testing.TB) []string {
	t.Helper()
	var addrs []string
	for range 3 {
		s := startRedis(t, clusterAddr(t), []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--save", "", "--appendonly", "no"})
		addrs = append(addrs, s.Addr)
	}
	cmd := exec.Command("redis-cli", append(append([]string{"--cluster", "create"}, addrs...), "--cluster-yes")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("redis-cli --cluster create: %v\n%s", err, out)
	}
	for _, addr := range addrs { // the creator is sure at once, the others a moment later
		_, port, _ := net.SplitHostPort(addr)
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			out, err := exec.Command("redis-cli", "-p", port, "cluster", "info").Output()
			if strings.Contains(string(out), "cluster_state:ok") {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("the Cluster does not come up: %v\n%s", err, out)
			}
		}
	}
	return addrs
}

// clusterAddr finds a free port that leaves room for the Cluster's own, 10,000 above.
func clusterAddr(t testing.TB) string {
	t.Helper()
	for {
		addr := freeAddr(t)
		_, port, _ := net.SplitHostPort(addr)
		if n, err := strconv.Atoi(port); err != nil || n+10000 > 65535 {
			continue
		}
		return addr
	}
}
