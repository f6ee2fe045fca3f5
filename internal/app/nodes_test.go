package app_test

import (
	"context"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"passerby/internal/app"
	"passerby/internal/stack"
)

// asNode makes the test binary a node: it runs the command line that follows, as cmd/passerby does.
const asNode = "PASSERBY_TEST_AS_NODE"

// startNode starts a node on private ports, with the keys in dir, and waits until it serves.
func startNode(t *testing.T, redis, dir, name string, flags ...string) *stack.Node {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	flags = append([]string{"--tcp", "off", "--admin", "off", "--turn-listen", "off", "--redis", redis, "--data-dir", dir, "--drain-timeout", "5s"}, flags...)
	n, err := stack.NewNode(name, "127.0.0.1", log, []string{self, "serve"}, []string{asNode + "=1"}, flags...)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		n.Kill()
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", name, text)
		}
	})
	return n
}

// balancer spreads TCP connections over nodes in turns, like any balancer without stickiness; a node that refuses is
// passed over.
type balancer struct {
	listener net.Listener
	open     sync.WaitGroup

	mu    sync.Mutex // guards what follows
	nodes []string
	next  int
	conns map[net.Conn]struct{}
}

func startBalancer(t *testing.T, nodes ...*stack.Node) *balancer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: l, conns: map[net.Conn]struct{}{}}
	for _, n := range nodes {
		b.nodes = append(b.nodes, n.Addr)
	}
	b.open.Go(b.accept)
	t.Cleanup(b.close)
	return b
}

func (b *balancer) url() string { return "http://" + b.listener.Addr().String() }

// turn says which node has the next connection.
func (b *balancer) turn(node int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next = node
}

func (b *balancer) accept() {
	for {
		in, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.open.Go(func() { b.carry(in) })
	}
}

func (b *balancer) carry(in net.Conn) {
	defer func() { _ = in.Close() }()
	out := b.dial()
	if out == nil || !b.keep(in, out) {
		return
	}
	var copies sync.WaitGroup
	for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
		copies.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = in.Close()
			_ = out.Close()
		})
	}
	copies.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, in)
	delete(b.conns, out)
}

func (b *balancer) dial() net.Conn {
	for range b.nodes {
		b.mu.Lock()
		addr := b.nodes[b.next%len(b.nodes)]
		b.next++
		b.mu.Unlock()
		if out, err := net.Dial("tcp", addr); err == nil {
			return out
		}
	}
	return nil
}

func (b *balancer) keep(conns ...net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		if b.conns == nil {
			_ = c.Close()
			continue
		}
		b.conns[c] = struct{}{}
	}
	return b.conns != nil
}

func (b *balancer) close() {
	_ = b.listener.Close()
	b.mu.Lock()
	for c := range b.conns {
		_ = c.Close()
	}
	b.conns = nil
	b.mu.Unlock()
	b.open.Wait()
}

// runAsNode is the other life of the test binary.
func runAsNode() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return app.Main(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
