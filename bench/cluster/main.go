// Command cluster runs a whole Passerby of several nodes on this machine, until Ctrl-C:
//
//	go run ./bench/cluster [-http 127.0.0.1:8080] [-nodes 3] [-- further settings of each node]
//
// It starts a redis-server, the nodes, and NGINX in front of them with the site that we deploy (without TLS, without
// stickiness). Everything has private ports and one directory, and ends with it. A line on its input does something to a
// node: "kill 1", "stop 1", "start 1", "roll 1"; "ok" or the fault is the answer.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"passerby/internal/stack"
)

// drain is how long nodes may take to stop: longer than --drain-timeout's default.
const drain = 35 * time.Second

func main() {
	bin := flag.String("bin", "bin/passerby", "the program")
	site := flag.String("site", "deploy/nginx/passerby.conf", "NGINX's site")
	listen := flag.String("http", "127.0.0.1:8080", "where NGINX listens")
	nodes := flag.Int("nodes", 3, "how many nodes")
	ip := flag.String("media-ip", "127.0.0.1", "where media and TURN listen: an address that browsers reach")
	redis := flag.String("redis", "", "a Redis to use instead of starting one")
	apart := flag.Bool("apart", false, "give WebSockets to the nodes in turn, so that partners are on different ones")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, stack.Config{
		Site: *site, Command: []string{*bin, "serve"}, Flags: flag.Args(), Nodes: *nodes, Listen: *listen, MediaIP: *ip, Redis: *redis, Apart: *apart,
	}); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cfg stack.Config) (err error) {
	if cfg.Dir, err = os.MkdirTemp("", "passerby-cluster-"); err != nil {
		return err
	}
	c, err := stack.StartCluster(cfg)
	if err != nil {
		return err
	}
	fmt.Printf("\n  Passerby is at http://%s\n\n  %d nodes behind NGINX; logs in %s; Ctrl-C stops all.\n", c.Addr, len(c.Nodes), cfg.Dir)
	for _, n := range c.Nodes {
		fmt.Printf("  %s: http://%s, metrics http://%s/metrics\n", n.Name, n.Addr, n.Admin)
	}
	lines := make(chan string)
	go func() {
		for in := bufio.NewScanner(os.Stdin); in.Scan(); {
			lines <- in.Text()
		}
	}()
	for {
		select {
		case line := <-lines:
			if err := obey(c, line); err != nil {
				fmt.Println(err)
			} else {
				fmt.Println("ok")
			}
		case <-ctx.Done():
			if err := c.Stop(drain); err != nil {
				return err // the logs stay
			}
			return os.RemoveAll(cfg.Dir)
		}
	}
}

// obey does what a line asks for.
func obey(c *stack.Cluster, line string) error {
	var word string
	var number int
	if _, err := fmt.Sscan(line, &word, &number); err != nil || number < 1 || number > len(c.Nodes) {
		return errors.New(`write a word and the number of a node: "kill 1", "stop 1", "start 1", or "roll 1" for stop and start`)
	}
	n := c.Nodes[number-1]
	switch word {
	case "kill":
		n.Kill()
		return nil
	case "stop":
		n.Signal("TERM")
		return n.Err()
	case "roll":
		n.Signal("TERM")
		return errors.Join(n.Err(), n.Start())
	case "start":
		n.Kill() // it may run
		return n.Start()
	}
	return fmt.Errorf("%q is none of kill, stop, start and roll", word)
}
