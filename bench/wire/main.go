// Command wire measures two things about the way of messages:
//
//	W1: the server's memory for each idle session, with its queue and heartbeats, beside a plain gorilla/websocket server
//	W2: a text from one browser to another across two nodes through Redis, beside a bare PUBLISH → SUBSCRIBE
//
//	go run ./bench/wire -bin bin/passerby [-sessions 10000] [-only W2]
//
// W1: resident memory of the server's process before and after, divided by the sessions; A B, so many rounds. The clients,
// of this process, have said hello and wait for nobody; the plain server has the library's defaults and two goroutines a
// connection, one of which reads.
// W2: pairs of people on two real nodes say something at an even pace, each text beside a PUBLISH by this process to its own
// subscription on the same redis-server at the same pace. From the call that writes to the moment in which the other side
// has read; two WebSockets, two nodes and Redis are in the first, Redis alone in the second. Beside both the same by two
// processes that do the least that carries a frame that way, WebSocket → PUBLISH → SUBSCRIBE → WebSocket with the same
// libraries: what no server of this shape can do without.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
)

func main() {
	bin := flag.String("bin", "bin/passerby", "the server to measure")
	only := flag.String("only", "", "W1 or W2 alone")
	sessions := flag.Int("sessions", 10000, "W1: how many are idle")
	rounds := flag.Int("rounds", 5, "how often both are measured, in turns")
	out := flag.String("out", "bench/out", "where the JSON goes")
	plain := flag.String("plain", "", "serve as the plain server at this address (used by the command itself)")
	relay := flag.String("relay", "", "serve as one of the two relays at this address, with -redis and -channels (used by the command itself)")
	redisAddr := flag.String("redis", "", "of -relay")
	channels := flag.String("channels", "", "of -relay")
	flag.Parse()
	if *relay != "" {
		log.Fatal(serveRelay(*relay, *redisAddr, *channels))
	}
	if *plain != "" {
		log.Fatal(servePlain(*plain))
	}
	if err := run(*bin, *only, *sessions, *rounds, *out); err != nil {
		log.Fatal(err)
	}
}

func run(bin, only string, sessions, rounds int, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "passerby-wire-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	results := map[string]any{}
	if only != "W2" {
		if results["W1"], err = measureMemory(bin, dir, sessions, rounds); err != nil {
			return fmt.Errorf("W1: %w", err)
		}
	}
	if only != "W1" {
		if results["W2"], err = measureDelay(bin, dir, rounds); err != nil {
			return fmt.Errorf("W2: %w", err)
		}
	}
	data, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, "wire.json"), data, 0o600)
}

// spread is min / median / max of some figures.
func spread(figures []float64) [3]float64 {
	s := slices.Sorted(slices.Values(figures))
	return [3]float64{s[0], s[len(s)/2], s[len(s)-1]}
}

func show(s [3]float64) string { return fmt.Sprintf("%.2f / %.2f / %.2f", s[0], s[1], s[2]) }
