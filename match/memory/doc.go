// Package memory is the embedded match.Queue: one process, no dependency,
// nothing on disk. The queue itself is match/internal/queue; here are its lock, its clock and the hints.
//
//	call ─▶ lock ─▶ what has fallen due ─▶ the call itself ─▶ unlock ─▶ Notify
//
// Safe for concurrent use? Yes: one mutex, held for microseconds; Notify is
// called outside it. Who closes? Run ends with its context; there is nothing
// to release. What happens when full? Arrive answers match.ErrFull at
// Config.Capacity; hints beyond 65,536 undelivered ones are dropped, the
// oldest first (Renew tells the truth).
package memory
