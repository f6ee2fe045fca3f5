package habit

import "time"

// kept is how many matches a Trace remembers.
const kept = 12

// Typing shows by signals: a person who writes has had the page say so shortly before.
const typedWithin = 10 * time.Second

// Trace is what one user did lately. The zero value knows nothing.
type Trace struct {
	past [kept]chat // the newest is at (n-1) % kept
	n    int
	now  chat
	open bool
	// While open:
	began, signalled time.Time
}

// chat is one match.
type chat struct {
	delay   time.Duration // from the match to the first text
	dwell   time.Duration // how long it lasted
	length  int           // of the first text's body, in base64url characters
	texts   int
	untyped int // texts with no sign of typing before them
}

// Met begins a match.
func (t *Trace) Met(at time.Time) {
	t.now, t.open, t.began, t.signalled = chat{}, true, at, time.Time{}
}

// Signalled notes a signal to the partner, which may have told that one is typing.
func (t *Trace) Signalled(at time.Time) { t.signalled = at }

// Wrote notes a text that was not sent before, and the length of its body.
func (t *Trace) Wrote(at time.Time, length int) {
	if !t.open {
		return
	}
	if t.now.texts == 0 {
		t.now.delay, t.now.length = at.Sub(t.began), length
	}
	t.now.texts++
	if t.signalled.IsZero() || at.Sub(t.signalled) > typedWithin {
		t.now.untyped++
	}
	t.signalled = time.Time{} // each text wants its own sign
}

// Parted ends a match.
func (t *Trace) Parted(at time.Time) {
	if !t.open {
		return
	}
	t.now.dwell, t.open = at.Sub(t.began), false
	t.past[t.n%kept] = t.now
	t.n++
}
