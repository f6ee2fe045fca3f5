package main

import (
	"time"

	"passerby/signaling/protocol"
)

// The duties of web/sdk/src/text.ts.
const (
	window     = 16 // texts under way
	ahead      = 256
	firstRetry = time.Second
	lastRetry  = 8 * time.Second
)

// talk is the text of one match, as a page keeps it: numbers, and what is not acknowledged.
type talk struct {
	match, partner string

	plan     uint64 // how many texts this person will write
	sent     uint64
	acked    uint64
	tries    map[uint64]int
	due      map[uint64]time.Time
	early    map[uint64]line
	shown    uint64
	theyPlan uint64 // how many the partner will write; 0 while unknown

	write    time.Time // when the next text is written
	unshaken time.Time // when it is left in the middle; zero for never
}

// line is a text with what its sender says of it.
type line struct {
	text
	plan uint64
}

func newTalk(match, partner string) *talk {
	return &talk{match: match, partner: partner, tries: map[uint64]int{}, due: map[uint64]time.Time{}, early: map[uint64]line{}}
}

// finished: all of both was written, shown and acknowledged.
func (t *talk) finished() bool {
	return t.acked == t.plan && t.theyPlan > 0 && t.shown == t.theyPlan
}

// transmit answers the numbers that are to be sent now.
func (t *talk) transmit(now time.Time) (numbers []uint64) {
	for n := t.acked + 1; n <= min(t.sent, t.acked+window); n++ {
		if now.Before(t.due[n]) {
			continue
		}
		t.due[n] = now.Add(min(lastRetry, firstRetry<<t.tries[n]))
		t.tries[n]++
		numbers = append(numbers, n)
	}
	return numbers
}

// flush: the way to the partner is another, or back.
func (t *talk) flush() {
	clear(t.due)
	clear(t.tries)
}

// hear takes a text and answers those that are shown now.
func (t *talk) hear(m *protocol.PartnerText, l line) (show []line) {
	if m.N <= t.shown || m.N > t.shown+ahead {
		return nil
	}
	t.early[m.N] = l
	for {
		next, ok := t.early[t.shown+1]
		if !ok {
			return show
		}
		t.shown++
		delete(t.early, t.shown)
		t.theyPlan = next.plan
		show = append(show, next)
	}
}
