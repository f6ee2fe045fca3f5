package match

import (
	"errors"
	"fmt"
	"time"

	"passerby/match/taste"
)

// Config is what every implementation of Queue is built from. The zero value
// of each field means its default.
type Config struct {
	Grace    time.Duration // how long a wish with tags holds out for a shared tag; default 10 s
	Overflow time.Duration // how long a ticket with a region holds out for its own; default 3 s
	Hold     time.Duration // with Taste: how long somebody may be held for one who suits better, and how much later those came at most who are taken before; default 3 s
	Rematch  time.Duration // how long both of two recent partners wait before they meet again; default 5 s
	Lease    time.Duration // a session that is not renewed for so long is dropped (renew three times as often); default 15 s
	Confirm  time.Duration // how long both sides may take to confirm a pair (renew more often than that, to learn of a pair without its hint); default 6 s
	Sweep    time.Duration // how often Run looks for what is due; default 250 ms

	RecentFor time.Duration // how long a former partner is remembered; default 10 min
	Recents   int           // former partners remembered per user, the oldest go first; default 32
	BlockFor  time.Duration // how long a block is remembered; default 30 days
	Blocks    int           // blocks remembered per user, the oldest go first; default 200
	Memory    int           // blocks, and former partners, remembered of all users, the oldest go first; default 400,000
	Capacity  int           // sessions held before Arrive answers ErrFull; default 1,000,000

	// Taste turns learning on who talks long with whom; nil: who came first is taken.
	Taste *taste.Config

	// Notify is given each Event. Calls are made one at a time, outside the
	// queue's lock, so it may call the queue; it must return soon. Nil: none.
	Notify func(Event)

	// Now is the clock. Nil: time.Now.
	Now func() time.Time
}

// Patience is how long people hold out for what they would rather have.
type Patience struct {
	Grace    time.Duration // for a shared tag, or one's own language
	Overflow time.Duration // for one's own region
}

// Patience is that of a configuration.
func (c Config) Patience() Patience { return Patience{c.Grace, c.Overflow} }

// WithDefaults returns the configuration with every zero field filled in.
func (c Config) WithDefaults() Config {
	durations := []struct {
		field *time.Duration
		value time.Duration
	}{
		{&c.Grace, 10 * time.Second}, {&c.Overflow, 3 * time.Second}, {&c.Hold, 3 * time.Second}, {&c.Rematch, 5 * time.Second}, {&c.Lease, 15 * time.Second}, {&c.Confirm, 6 * time.Second},
		{&c.Sweep, 250 * time.Millisecond}, {&c.RecentFor, 10 * time.Minute}, {&c.BlockFor, 30 * 24 * time.Hour},
	}
	for _, d := range durations {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	counts := []struct {
		field *int
		value int
	}{{&c.Recents, 32}, {&c.Blocks, 200}, {&c.Memory, 400_000}, {&c.Capacity, 1_000_000}}
	for _, n := range counts {
		if *n.field == 0 {
			*n.field = n.value
		}
	}
	if c.Notify == nil {
		c.Notify = func(Event) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Validate returns everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	for name, d := range map[string]time.Duration{
		"Grace": c.Grace, "Overflow": c.Overflow, "Hold": c.Hold, "Rematch": c.Rematch, "Lease": c.Lease, "Confirm": c.Confirm,
		"Sweep": c.Sweep, "RecentFor": c.RecentFor, "BlockFor": c.BlockFor,
	} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: %v", name, d))
		} else if d > 0 && d < time.Millisecond {
			errs = append(errs, fmt.Errorf("%s is below a millisecond: %v", name, d))
		}
	}
	for name, n := range map[string]int{"Recents": c.Recents, "Blocks": c.Blocks, "Memory": c.Memory, "Capacity": c.Capacity} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is negative: %d", name, n))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("match configuration: %w", err)
	}
	return nil
}
