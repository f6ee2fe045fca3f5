// Package queue is the queue itself, as one process holds it: who waits, who is paired, who must not meet. match/memory
// puts a lock and a clock around it; match/redis keeps in Redis what it holds, on the node that leads.
//
//	Arrive ─▶ stay ─▶ search ─▶ the best that agrees? ──yes──▶ couple ─▶ told
//	                    │                   no
//	                    ▼                    ▼
//	              pool (per mode)      entered in: line, open or patient,
//	                                   one bucket per tag × language, by gender class
//
// A bucket holds 32 ordered lists, one per own gender × genders sought; a
// constant mask names the lists that fit, so nobody of the wrong gender is
// ever looked at, however unbalanced the crowd. Lists are treaps by place:
// O(log n) to enter and to leave, the oldest first.
//
// State is a pure state machine: no goroutine, no lock, no I/O, and time is handed in by Begin. What falls due
// (leases, unconfirmed pairs, the end of grace) stands in one heap, which Elapse works off.
//
// Safe for concurrent use? No: it has one owner. Who closes? There is nothing to release. What happens when full?
// Arrive answers match.ErrFull at Config.Capacity.
package queue
