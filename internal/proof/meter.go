package proof

import (
	"math"
	"time"
)

// memory is the time in which a Meter forgets all but 1/e of what it counted.
const memory = time.Minute

// hold is how long an alarm lasts at least.
const hold = 2 * time.Minute

// Meter counts events with a fading memory and raises an alarm with hysteresis: on at a rate, off only at half of that, and not before
// it has lasted for a while. It is a plain value; times are since any fixed moment.
type Meter struct {
	count  float64 // events of about the last minute
	at     time.Duration
	raised bool
	since  time.Duration // the last event at or above the threshold
}

// Add returns the meter after one more event. threshold is in events a minute.
func (m Meter) Add(now time.Duration, threshold float64) Meter {
	m = m.fade(now)
	m.count++
	if m.count >= threshold {
		m.raised, m.since = true, now
	}
	return m.settle(now, threshold)
}

// At returns the meter as it stands later.
func (m Meter) At(now time.Duration, threshold float64) Meter {
	return m.fade(now).settle(now, threshold)
}

// Raised says whether the alarm is on.
func (m Meter) Raised() bool { return m.raised }

// Rate is the events a minute.
func (m Meter) Rate() float64 { return m.count }

func (m Meter) fade(now time.Duration) Meter {
	if now > m.at {
		m.count *= math.Exp(-float64(now-m.at) / float64(memory))
		m.at = now
	}
	return m
}

func (m Meter) settle(now time.Duration, threshold float64) Meter {
	if m.raised && m.count < threshold/2 && now-m.since >= hold {
		m.raised = false
	}
	return m
}

// The work that is asked for, in numbers to try at most. It doubles with the rate, and ends where the slowest phones would give up:
// a page tries 0.3 to 2 million a second.
const (
	leastWork = 100_000
	mostWork  = 1_600_000
)

// work is what to ask for at this rate.
func work(rate, threshold float64) int64 {
	w := int64(leastWork)
	for over := rate / threshold; over >= 2 && w < mostWork; over /= 2 {
		w *= 2
	}
	return min(w, mostWork)
}
