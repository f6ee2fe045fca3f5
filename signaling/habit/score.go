package habit

import (
	"math"
	"time"
)

// Suspicious is the score from which on friction is raised. No single sign reaches it: a person may well greet everybody alike, or press
// Next all the time, or have a page that tells nothing of typing.
const Suspicious = 0.6

const (
	least   = 6                       // matches before anything is said, and texts before something is said of texts
	hasty   = 1500 * time.Millisecond // nobody looks, decides and writes in less
	fleet   = 1200 * time.Millisecond // nobody looks and decides in less, time after time
	wordy   = 215                     // body of a text that is longer than a greeting (about 24 letters)
	steady  = 0.08                    // coefficient of variation of a clockwork; people's is 0.5 and more
	untyped = 0.35
	alike   = 0.35
	regular = 0.45
	rushed  = 0.3
	cycling = 0.25
)

// Score says how much the last matches look like those of a program, from 0 to 1.
func (t *Trace) Score() float64 {
	chats := t.past[:min(t.n, kept)]
	if len(chats) < least {
		return 0
	}
	var wrote []chat
	texts, without, quick, brief := 0, 0, 0, 0
	lengths := map[int]int{}
	dwells := make([]float64, len(chats))
	for i, c := range chats {
		dwells[i] = c.dwell.Seconds()
		if c.texts == 0 {
			if c.dwell < fleet {
				brief++
			}
			continue
		}
		wrote = append(wrote, c)
		texts, without = texts+c.texts, without+c.untyped
		if c.delay < hasty {
			quick++
		}
		if c.length > wordy {
			lengths[c.length]++
		}
	}
	score := cycling*share(brief, len(chats)) + regular*clockwork(dwells)
	if len(wrote) < least {
		return min(score, 1)
	}
	delays := make([]float64, len(wrote))
	for i, c := range wrote {
		delays[i] = c.delay.Seconds()
	}
	same := 0
	for _, n := range lengths {
		same = max(same, n)
	}
	score += untyped*share(without, texts) + alike*share(same, len(wrote)) + rushed*share(quick, len(wrote))
	if dwells := clockwork(dwells); dwells == 0 { // both would count the same clock twice
		score += regular * clockwork(delays)
	}
	return min(score, 1)
}

func share(n, of int) float64 { return float64(n) / float64(of) }

// clockwork is 1 for times that are all but equal, 0 for those of people.
func clockwork(times []float64) float64 {
	mean, variance := 0.0, 0.0
	for _, t := range times {
		mean += t / float64(len(times))
	}
	for _, t := range times {
		variance += (t - mean) * (t - mean) / float64(len(times))
	}
	if mean <= 0 || math.Sqrt(variance)/mean < steady {
		return 1
	}
	return 0
}
