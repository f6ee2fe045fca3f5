package post

import "time"

// Senders that have been silent for longer are forgotten when there are many: nothing of theirs is under way.
const (
	manySenders  = 256
	senderMemory = time.Minute
)

// seen knows the last envelope of each sender. Numbers only grow, so what comes again or late is not handed on.
type seen map[sender]*trace

type trace struct {
	number uint64
	at     time.Time
}

// next says whether an envelope is new, and how many before it never came. The first of a sender misses none: what
// was sent before this node joined was for another.
func (s seen) next(from sender, number uint64, now time.Time) (fresh bool, missed uint64) {
	t := s[from]
	if t == nil {
		s.forget(now)
		s[from] = &trace{number, now}
		return true, 0
	}
	t.at = now
	if number <= t.number {
		return false, 0
	}
	missed = number - t.number - 1
	t.number = number
	return true, missed
}

func (s seen) forget(now time.Time) {
	if len(s) < manySenders {
		return
	}
	for name, t := range s {
		if now.Sub(t.at) > senderMemory {
			delete(s, name)
		}
	}
}
