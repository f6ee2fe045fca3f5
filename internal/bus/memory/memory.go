// Package memory is the bus inside one process: Send calls the receiver's handler.
//
//	node a ──Send──▶ Bus{a, b} ──handler of b──▶ node b
//
// Safe for concurrent use. Nothing is queued, so nothing fills up: the handler takes
// the message or drops it, and must not block. Close of a node waits for the handlers
// that run.
package memory

import (
	"context"
	"fmt"
	"sync"

	"passerby/internal/bus"
)

// Bus joins nodes. The zero value is ready.
type Bus struct {
	mu    sync.RWMutex // guards nodes
	nodes map[string]*Node
}

// Node is one node on a Bus.
type Node struct {
	bus    *Bus
	name   string
	handle bus.Handler

	mu     sync.RWMutex // held for reading while handle runs, for writing to close
	closed bool
}

var _ bus.Node = (*Node)(nil)

// Join puts a node on the bus under a name that no other node has.
func (b *Bus) Join(name string, handle bus.Handler) (*Node, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.nodes[name] != nil {
		return nil, fmt.Errorf("join bus: there is a node %q already", name)
	}
	if b.nodes == nil {
		b.nodes = map[string]*Node{}
	}
	n := &Node{bus: b, name: name, handle: handle}
	b.nodes[name] = n
	return n, nil
}

// Send hands data to the handler of the node.
func (n *Node) Send(ctx context.Context, node, session string, data []byte) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("send to node %q: %w", node, err)
	}
	if n.isClosed() {
		return fmt.Errorf("send to node %q: %w", node, bus.ErrClosed)
	}
	n.bus.mu.RLock()
	to := n.bus.nodes[node]
	n.bus.mu.RUnlock()
	if to == nil || !to.take(session, data) {
		return fmt.Errorf("send to node %q: %w", node, bus.ErrNoNode)
	}
	return nil
}

func (n *Node) isClosed() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.closed
}

func (n *Node) take(session string, data []byte) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if n.closed {
		return false
	}
	n.handle(session, data)
	return true
}

// Close leaves the bus. It must not be called from inside the handler.
func (n *Node) Close() error {
	n.mu.Lock()
	n.closed = true
	n.mu.Unlock()
	n.bus.mu.Lock()
	defer n.bus.mu.Unlock()
	if n.bus.nodes[n.name] == n {
		delete(n.bus.nodes, n.name)
	}
	return nil
}
