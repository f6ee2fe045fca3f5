// Package bus carries small messages between sessions of different nodes.
//
//	session on node a ──Send(b, session, data)──▶ bus ──Handler(session, data)──▶ node b
//
// A bus may lose messages (the node is not there, is too slow, or the network broke)
// and never repeats one; messages of one sender to one node that arrive, arrive in
// order. bus/memory joins nodes in one process, bus/redis those of a cluster; bus/bustest is the suite that every
// implementation passes. Implementations are safe for concurrent use; Send must not
// block longer than its context allows; when the receiver is full its messages are lost.
package bus

import "context"

// Handler takes a message for a session of the node that it was given for. It must
// not block and must not keep data.
type Handler func(session string, data []byte)

// Node is one node's access to the bus.
type Node interface {
	// Send sends data to a session of a node, which may be the own one. No error comes back
	// when the message is lost on the way; one that wraps ErrNoNode may when no such node is known.
	Send(ctx context.Context, node, session string, data []byte) error
	// Close leaves the bus: nothing is handed to the handler after it returns.
	Close() error
}
