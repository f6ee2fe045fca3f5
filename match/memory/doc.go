// Package memory is the embedded match.Queue: one process, no dependency,
// nothing on disk. It is also the readable counterpart of a distributed one.
//
//	Arrive ─▶ stay ─▶ search ─▶ the best that agrees? ──yes──▶ couple ─▶ Notify
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
// Time works through one heap of what falls due (leases, unconfirmed pairs,
// the end of grace), handled in order of its time at the start of every call
// and by Run, which also tries recent partners again.
//
// Safe for concurrent use? Yes: one mutex, held for microseconds; Notify is
// called outside it. Who closes? Run ends with its context; there is nothing
// to release. What happens when full? Arrive answers match.ErrFull at
// Config.Capacity; hints beyond 65,536 undelivered ones are dropped, the
// oldest first (Renew tells the truth).
package memory
