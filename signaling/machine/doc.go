// Package machine is the life of a session as a pure state machine: an event goes
// in, the next state and the effects to carry out come back. It has no goroutine,
// clock or input and output, so every history can be replayed.
//
//	          find, next                    Confirmed
//	┌──────┐ ───────────▶ ┌─────────┐ ───────────────────▶ ┌─────────┐
//	│ Idle │              │ Waiting │                      │ Matched │
//	└──────┘ ◀─────────── └─────────┘ ◀─────────────────── └─────────┘
//	   ▲     leave, Drain                  find, next           │
//	   └────────────────────────────────────────────────────────┘
//	         leave, block, report, PairEnded, Drain, doubt twice
//
// Each phase is attached (a connection is there) or detached until a time:
//
//	Waiting  Detach: Leave the queue at once, keep Since; Attach: Arrive with it.
//	Matched  Detach: the partner hears "reconnecting"; Attach: "online", the snapshot, and Renew.
//	any      Expire after Until: Leave with "lost", Remove the media, End.
//
// A pair becomes a match only through Confirm, so a hint that comes late, twice or
// out of order does nothing. Each heartbeat (Tick) asks the queue for the truth and
// Renewed adopts it, so a hint that never comes is made up for. What partners tell
// each other (connection, key) carries a version and is told again until it is
// confirmed; texts are not kept: their sender's client sends them again.
//
// A state can be written down (AppendState) and taken up on another node (Restore),
// whose first event is Attach with Anew: the queue is asked for the truth, and the
// partner hears where the session is now.
//
// State is a value; Step may be called from one goroutine at a time per State.
// Nothing is to be closed. No list in a State grows without bound.
package machine
