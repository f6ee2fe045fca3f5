package proof

import (
	"context"
	"sync"
	"time"
)

// Memory remembers names for a while, each until the latest time that was told of it. Remember says whether a name is new; Known whether it
// is remembered; Forget drops it.
type Memory interface {
	Remember(ctx context.Context, name string, until time.Time) (fresh bool, err error)
	Known(ctx context.Context, name string) (bool, error)
	Forget(ctx context.Context, name string) error
}

// seenMost is how many names one node remembers, of puzzles and of users; more than that many solved puzzles in their lifetime are no defence
// anyway.
const seenMost = 200_000

// seen is a Memory of this node alone.
type seen struct {
	mu    sync.Mutex // guards names
	names map[string]time.Time
	sweep int // size at which expired names are dropped
}

func newSeen() *seen { return &seen{names: map[string]time.Time{}, sweep: 1024} }

var _ Memory = (*seen)(nil)

func (s *seen) Remember(_ context.Context, name string, until time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if at, ok := s.names[name]; ok && now.Before(at) {
		s.names[name] = later(at, until)
		return false, nil
	}
	if len(s.names) >= s.sweep {
		s.clean(now)
	}
	s.names[name] = until
	return true, nil
}

func (s *seen) Known(_ context.Context, name string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.names[name]), nil
}

func (s *seen) Forget(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.names, name)
	return nil
}

// clean drops what has expired, and when that is not enough any names, an eighth at once, so that a full table does not cost each newcomer a
// walk through it. It is called with mu held.
func (s *seen) clean(now time.Time) {
	for name, until := range s.names {
		if !now.Before(until) {
			delete(s.names, name)
		}
	}
	if len(s.names) > seenMost*7/8 {
		for name := range s.names {
			if len(s.names) <= seenMost*7/8 {
				break
			}
			delete(s.names, name)
		}
	}
	s.sweep = min(max(1024, 2*len(s.names)), seenMost)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
