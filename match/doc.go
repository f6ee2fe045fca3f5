// Package match is the domain of finding a stranger: what a person wishes,
// when two people may meet, and the contract of the queue that pairs them.
//
//	Ticket ──Arrive──▶ Waiting ──the best compatible──▶ Paired ──Confirm ×2──▶ talking
//	   ▲                  │  ▲                             │                      │
//	   │                Leave └── unconfirmed, but this ───┘             Leave, next, lost
//	   │                  ▼       side had confirmed                             ▼
//	   └──────────────  Absent ◀───────────────────────────────────────────── Absent
//
// The package holds values and pure rules only: no goroutine, no clock, no
// I/O. [Queue] is implemented by match/memory (embedded, one process) and
// match/redis (any number of nodes); both pass one conformance suite,
// match/matchtest.
//
// Safe for concurrent use? The types are plain values, the rules are pure;
// every Queue is. Who closes? Nobody: a Queue has a Run method that ends with
// its context. What happens when full? Arrive answers [ErrFull]; remembered
// partners and blocks are bounded, the oldest go first.
package match
