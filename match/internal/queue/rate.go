package queue

import "time"

// rate counts people matched in the last two minutes, in slots of five seconds.
type rate struct {
	slots [slotCount]struct {
		number int64
		people int
	}
	first int64 // time of the first match, ms
}

const (
	slotCount  = 24
	slotMillis = 5000
	fewest     = 4 // people, below which a rate would be a guess
)

func (r *rate) add(now int64, people int) {
	if r.first == 0 {
		r.first = now
	}
	s := &r.slots[now/slotMillis%slotCount]
	if n := now / slotMillis; s.number != n {
		s.number, s.people = n, 0
	}
	s.people += people
}

// estimate is how long the position-th in line is likely to wait, to the
// second; 0 when too little was seen or it would be over ten minutes.
func (r *rate) estimate(now int64, position int) time.Duration {
	people := 0
	for _, s := range r.slots {
		if now/slotMillis-s.number < slotCount {
			people += s.people
		}
	}
	if people < fewest {
		return 0
	}
	window := max(min(now-r.first, slotCount*slotMillis), 2*slotMillis)
	wait := time.Duration(int64(position)*window/int64(people)) * time.Millisecond
	if wait = wait.Round(time.Second); wait > 10*time.Minute {
		return 0
	}
	return max(wait, time.Second)
}
