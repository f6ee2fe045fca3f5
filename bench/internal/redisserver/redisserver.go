// Package redisserver starts a real Redis for a benchmark.
package redisserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Start starts a redis-server on a socket of its own; stop ends it.
func Start() (client *redis.Client, stop func(), err error) {
	dir, err := os.MkdirTemp("", "passerby-bench-")
	if err != nil {
		return nil, nil, err
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", dir, "--daemonize", "no")
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("redis-server: %w", err)
	}
	client = redis.NewClient(&redis.Options{Network: "unix", Addr: socket, PoolSize: 64, DisableIdentity: true, ReadTimeout: time.Minute})
	stop = func() {
		_ = client.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
	}
	for until := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if err = client.Ping(context.Background()).Err(); err == nil {
			return client, stop, nil
		}
		if time.Now().After(until) {
			stop()
			return nil, nil, fmt.Errorf("redis-server: %w", err)
		}
	}
}

var cpuUsed = regexp.MustCompile(`used_cpu_(?:sys|user)_main_thread:([0-9.]+)`)

// CPU is what Redis's main thread has used so far.
func CPU(ctx context.Context, client *redis.Client) (time.Duration, error) {
	info, err := client.Info(ctx, "cpu").Result()
	if err != nil {
		return 0, err
	}
	var sum float64
	found := cpuUsed.FindAllStringSubmatch(info, -1)
	if len(found) != 2 {
		return 0, fmt.Errorf("no CPU figures in INFO cpu")
	}
	for _, f := range found {
		v, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			return 0, err
		}
		sum += v
	}
	return time.Duration(sum * float64(time.Second)), nil
}

var commandStat = regexp.MustCompile(`cmdstat_([^:]+):calls=(\d+),usec=(\d+)`)

// Commands is what Redis has carried out since CONFIG RESETSTAT, divided by n: how often, and for how many microseconds
// by the wall clock. A script's own time includes that of its commands.
func Commands(ctx context.Context, client *redis.Client, n int) (map[string][2]float64, error) {
	info, err := client.Info(ctx, "commandstats").Result()
	if err != nil {
		return nil, err
	}
	all := make(map[string][2]float64)
	for _, f := range commandStat.FindAllStringSubmatch(info, -1) {
		calls, _ := strconv.ParseFloat(f[2], 64)
		micros, _ := strconv.ParseFloat(f[3], 64)
		if f[1] != "info" && f[1] != "config|resetstat" {
			all[f[1]] = [2]float64{calls / float64(n), micros / float64(n)}
		}
	}
	return all, nil
}
