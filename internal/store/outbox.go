package store

import (
	"context"
	"time"
)

// Event is something that outside systems are told of (internal/events). Each sink has a row of its own.
type Event struct {
	Seq   int64     // the order in which events were kept; set by the store
	ID    string    // the same on every try: receivers go by it
	Kind  string    // "match.started" …
	Topic string    // events of one topic reach a sink in the order of Seq
	At    time.Time // when it happened
	Body  []byte    // JSON, as it is sent
	Tries int       // how often it was claimed
}

// Fate is what became of a claimed event.
type Fate struct {
	Seq     int64
	Again   time.Time // when to try again; zero: never
	Settled time.Time // when it was delivered or given up; zero with Again
	GivenUp bool
}

// Backlog is what waits for a sink.
type Backlog struct {
	Waiting int       // at most BacklogCounted
	Oldest  time.Time // zero: none waits
}

// BacklogCounted bounds what it costs to count a backlog.
const BacklogCounted = 100_000

// Outbox is what outside systems are still to be told. Events are kept in the transaction of what they tell of: one is there if and only
// if the other is.
type Outbox interface {
	// Announce keeps events for each of the sinks. One that a sink has already, by its id, changes nothing.
	Announce(ctx context.Context, sinks []string, events []Event) error
	// ClaimEvents takes events of a sink that are due: nobody else gets them before until. Of each topic only the first that is
	// not settled yet is taken. Nodes may claim at once.
	ClaimEvents(ctx context.Context, sink string, now, until time.Time, limit int) ([]Event, error)
	// SettleEvents notes what became of claimed events.
	SettleEvents(ctx context.Context, fates []Fate) error
	// PurgeEvents deletes at most limit events that were delivered before a time, and those of any sink that happened before another,
	// delivered or not.
	PurgeEvents(ctx context.Context, delivered, happened time.Time, limit int) (int, error)
	EventBacklog(ctx context.Context, sink string) (Backlog, error)
}
