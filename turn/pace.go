package turn

import "time"

const (
	enough  = 16                     // packets that are worth a round …
	longest = 400 * time.Microsecond // … for which the next one waits at most
	closeBy = 150 * time.Microsecond // if they come no further apart
	apart   = time.Millisecond       // as good as forever
)

// pace says how long a pump waits before its next round. Packets that come one by one are cheaper together, so while they come close to each other the next
// round waits for some. What a single call sends is milliseconds apart, and never waits.
type pace struct {
	each time.Duration // between packets, smoothed
}

// wait is told what a round moved, and how long ago the one before it ended.
func (p *pace) wait(moved int, since time.Duration) time.Duration {
	p.each += (min(since/time.Duration(max(moved, 1)), apart) - p.each) / 4
	if moved >= enough || p.each > closeBy {
		return 0
	}
	return min(enough*p.each, longest)
}
