// Package signaling is the conversation between browsers and server: the WebSocket
// protocol passerby.v1 (docs/protocol.md), the sessions behind it with their state
// machine, and the delivery of texts from one session to its partner wherever that
// lives. It knows the queue, the SFU, the bus and the tokens only as the interfaces
// of deps.go.
//
//	browser ══ WebSocket ══▶ conn ──frame──▶ session ──▶ machine.Step (pure)
//	   ▲                      │ outbox ◀──Send──┤  ▲          │ effects
//	   ╚══ data channel ══ Media ◀──Route───────┤  └──────────┘ outcomes
//	                                            ├──▶ Queue ──PairMade, PairEnded──▶ mailbox
//	                                            └──▶ Bus ───Receive──▶ partner's mailbox
//
//	           find, next               confirmed
//	  Idle ───────────────▶ Waiting ───────────────▶ Matched      each one attached,
//	   ▲ ◀──leave, drain──────┘ ◀─────find, next──────┘           or detached until
//	   └────────leave, block, report, ended, drain────┘           the session expires
//
// Safe for concurrent use: every method of Hub. One goroutine at a time owns a session
// and takes letters from its mailbox, one reads a connection, one writes to it; each only
// while there is something to do. On Linux an epoll of the hub tells when a connection has
// something to read (ready_linux.go, wire.go); elsewhere, and where TLS ends in this
// process, a goroutine waits for each. Who sends half a frame holds one goroutine until
// Config.Silence. A shared loop keeps leases and connections alive. A panic ends the
// session that it happened in, and no other.
//
// With a Store a session belongs to the node that took it last, and moves to whichever
// node its client comes to (handover.go); a node that shuts down leaves its sessions to
// the others.
//
// Who closes: Run, when its context is over, ends everything and waits for it; Drain
// does so gently before. A session without a connection ends after Config.Resume.
//
// What happens when full: a full outbox cuts that connection off (slow_consumer, the
// session can be resumed); a full mailbox drops hints and the partner's messages,
// which heartbeats and the sender's client repeat, and makes its own connection wait;
// beyond Config.MaxSessions clients hear server_full; a network that has its share of
// connections (door.go) is refused more with rate_limited, before others notice; above the rate messages are
// dropped with rate_limited, and who goes on is cut off with flooding.
package signaling
