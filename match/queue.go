package match

import "context"

// Queue pairs people. Every implementation holds, and match/matchtest checks:
//
//  1. A user is in one pair at most, and never with himself.
//  2. A pair is taken atomically: both sides or neither.
//  3. Nobody is lost: a session waits, is paired, or Renew tells that it is absent.
//  4. First come, first served among those who may meet (compatible.go).
//  5. Standing is the truth, an Event only a hint.
//
// All methods are safe for concurrent use and do not wait for other people.
// After an error of the transport (not one of this package's) the call may
// or may not have taken place: ask Renew before calling again, since a
// second Arrive of a paired session means "next".
type Queue interface {
	// Arrive puts the session in line, or pairs it at once. A session that is
	// in a pair leaves it with EndNext, atomically. One that waits already has
	// its wish replaced and keeps its place. A user's newest session wins:
	// an older one of the same user is taken out (its pair ends with EndLeft).
	Arrive(ctx context.Context, t Ticket) (Standing, error)

	// Leave takes the session out of line or out of its pair, whose other
	// side is told the reason. It does nothing when the session is absent.
	Leave(ctx context.Context, session string, reason EndReason) error

	// Confirm says that this side has learnt of the pair. A pair that is not
	// confirmed by both in time ends with EndLost; a side that had confirmed
	// waits again at its old place, a silent one is dropped. Confirming
	// twice changes nothing. ErrGone when the session is not in this pair.
	Confirm(ctx context.Context, session, pair string) error

	// Renew is the heartbeat, waiting or paired: it extends the lease and
	// answers the truth. A session whose lease runs out is dropped; its pair
	// ends with EndLost.
	Renew(ctx context.Context, session string) (Standing, error)

	// Block keeps the two users apart for good, whoever asked, and ends a
	// pair they are in with EndBlocked (both are told).
	Block(ctx context.Context, user, other string) error

	// Stats counts people and pairs now.
	Stats(ctx context.Context) (Stats, error)
}

// Stats counts what the queue holds.
type Stats struct {
	Waiting map[Mode]int // sessions in line; every mode is present
	Pairs   int          // pairs that have not ended
}
