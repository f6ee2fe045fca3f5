package overload

import "time"

// Sample is how a node is at one moment.
type Sample struct {
	CPU    float64       // share of the processors that it may use
	Lag    time.Duration // 99 of 100 goroutines that could run waited no longer, lately
	Memory float64       // share of the memory that it may use; 0: no limit is known
}

// Marks are where signals become too much; zero turns one off.
type Marks struct {
	CPU    float64
	Lag    time.Duration
	Memory float64
}

// Signals names the signals, for metrics.
var Signals = []string{"cpu", "lag", "memory"}

// ratios are the signals as shares of their marks, in the order of Signals.
func (m Marks) ratios(s Sample) [3]float64 {
	share := func(value, mark float64) float64 {
		if mark <= 0 {
			return 0
		}
		return value / mark
	}
	return [3]float64{share(s.CPU, m.CPU), share(float64(s.Lag), float64(m.Lag)), share(s.Memory, m.Memory)}
}

const (
	calm   = 0.9 // of each mark: below it a node recovers
	smooth = 3 * time.Second
)

// Times of a Judge.
const (
	Enter = 5 * time.Second  // above a mark, until a node is full
	Leave = 15 * time.Second // below all, until it is open again
)

// Judge makes a verdict of samples, with hysteresis. Its zero value has no marks, and is always open.
type Judge struct {
	Marks Marks

	at     time.Time
	cpu    float64 // smoothed
	first  bool
	since  [3]time.Time // above its mark since then; zero: not
	quiet  time.Time    // all are calm since then; zero: not
	full   bool
	reason string
}

// Take takes a sample in and answers whether the node is full, and which signal made it so.
func (j *Judge) Take(now time.Time, s Sample) (full bool, why string) {
	if !j.first {
		j.first, j.cpu = true, s.CPU
	} else {
		part := min(1, float64(now.Sub(j.at))/float64(smooth))
		j.cpu += part * (s.CPU - j.cpu)
	}
	j.at, s.CPU = now, j.cpu
	worst := 0.0
	for i, r := range j.Marks.ratios(s) {
		worst = max(worst, r)
		switch {
		case r < 1:
			j.since[i] = time.Time{}
		case j.since[i].IsZero():
			j.since[i] = now
		}
		if !j.full && !j.since[i].IsZero() && now.Sub(j.since[i]) >= Enter {
			j.full, j.reason = true, Signals[i]
		}
	}
	switch {
	case worst >= calm:
		j.quiet = time.Time{}
	case j.quiet.IsZero():
		j.quiet = now
	case j.full && now.Sub(j.quiet) >= Leave:
		j.full, j.reason = false, ""
	}
	return j.full, j.reason
}
