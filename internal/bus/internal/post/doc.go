// Package post is what the buses between processes have in common, whatever the broker:
//
//	session ──Send──▶ Sender: queue ──envelope {sender, number, letter, letter, …}──▶ broker ──▶ Receiver ──▶ Handler
//
// Letters that wait at the same time travel in one envelope per node, so a busy bus costs fewer commands, and a quiet one
// adds no waiting. Envelopes are numbered: one that comes again is dropped, and a gap is counted as a loss.
//
// A Sender is safe for concurrent use; who makes it closes it; when its queue is full, Send fails with bus.ErrFull. A
// Receiver is used by one goroutine.
package post
