// Package stream holds the pure parts of the packet path: parsers, the key
// frame gate, the rewriter, the retransmission ring, loss and reception
// bookkeeping, the key frame schedule and the clock of sender reports.
//
//	bytes → Parse → Packet → InspectVideo → Frame ┐
//	                                               ├→ Gate → Rewriter → Ring → bytes
//	                                    route ─────┘
//
// Nothing here starts a goroutine, reads a clock, takes a lock or does I/O:
// the time comes in as an argument, so that every history can be replayed.
// No type is safe for concurrent use; the caller owns each value under one
// lock. Nothing allocates after construction. Parsers never panic and keep no
// reference to their input beyond what they return.
package stream
