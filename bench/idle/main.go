// Command idle measures S3: the server's memory for each user who waits, connected, without media.
//
//	go run ./bench/idle -bin bin/passerby [-users 2000]
//
// Users are Pion clients in this process: a session, a WebSocket, one PeerConnection with audio, video and a data channel
// that are connected and silent. Beside it, with the same clients: bench/newpeer, a plain Pion server with the default
// interceptors and a PeerConnection for each user (no data channel of its own beyond the client's). Memory is the resident
// set of the server process, before and after, divided by the users.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
)

// result of one server.
type result struct {
	Server    string
	Users     int
	BeforeKB  int
	AfterKB   int
	PerUserKB float64
}

func main() {
	bin := flag.String("bin", "bin/passerby", "the server to measure")
	users := flag.Int("users", 2000, "how many wait")
	rounds := flag.Int("rounds", 2, "A B, so many times")
	out := flag.String("out", "bench/out", "where the JSON and the heap profile go")
	flag.Parse()
	if err := os.MkdirAll(*out, 0o755); err != nil {
		log.Fatal(err)
	}
	results, err := measure(*bin, *users, *rounds, filepath.Join(*out, "idle-heap.pprof"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("\nS3: memory of the server for each waiting user, %d users\n%-14s %8s %12s %12s %14s\n", *users, "server", "users", "before KB", "after KB", "KB for each")
	best := map[string]float64{}
	for _, r := range results {
		fmt.Printf("%-14s %8d %12d %12d %14.1f\n", r.Server, r.Users, r.BeforeKB, r.AfterKB, r.PerUserKB)
		best[r.Server] += r.PerUserKB / float64(*rounds)
	}
	ratio := best["passerby"] / best["newpeer"]
	fmt.Printf("passerby ÷ plain Pion: %.2f (aim: 0.40)\n", ratio)
	data, _ := json.MarshalIndent(map[string]any{"results": results, "ratio": ratio}, "", " ")
	if err := os.WriteFile(filepath.Join(*out, "idle.json"), data, 0o600); err != nil {
		log.Fatal(err)
	}
}

func measure(bin string, users, rounds int, heap string) ([]result, error) {
	dir, err := os.MkdirTemp("", "passerby-idle-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	plain := filepath.Join(dir, "newpeer")
	if err := goBuild(plain, "./bench/newpeer"); err != nil {
		return nil, err
	}
	var results []result
	for range rounds {
		for _, s := range []server{passerby(bin, dir), newpeer(plain)} {
			r, err := s.fill(users, heap)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			fmt.Printf("%s: %d users, %.1f KB each\n", r.Server, r.Users, r.PerUserKB)
			results = append(results, r)
		}
	}
	return results, nil
}
