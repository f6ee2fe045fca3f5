package stream

import "time"

// The schedule of asking for key frames.
const (
	AskGrace    = 120 * time.Millisecond // keyed, but its key frame may be on its way
	AskRetry    = 120 * time.Millisecond // while the gate is closed
	AskUnshown  = 800 * time.Millisecond // open, but no frame was shown yet
	AskShownFor = 5 * time.Second        // after that the receiver's own requests must do
	AskFallback = 500 * time.Millisecond // a sender that never said that it has its keys
)

// Asker decides when the sender of a route is asked for a key frame. The first
// request leaves with the route, at the same time as the news of the match: a
// sender holds the key frame back until it has its keys. After that it is asked
// again only when a key frame should have come: encoders make few in a row.
//
//	idle ──Route: once──→ waiting ──Keyed──→ asking ──Opened──→ unshown ──Shown──→ idle
//	           after 120 ms, each 120 ms ──────┘ └── each 800 ms, 5 s at most
type Asker struct {
	state askState
	gated bool
	next  time.Time
	until time.Time
}

type askState uint8

const (
	askIdle askState = iota
	askFirst
	askWaiting
	askAsking
	askUnshown
)

// Route begins for a new route. keyed says that the sender is known to have
// its keys; gated, that a key id is waited for at all.
func (a *Asker) Route(now time.Time, keyed, gated bool) {
	*a = Asker{state: askFirst, gated: gated, next: now}
	if keyed || !gated {
		a.state = askAsking
	}
}

// Stop ends all asking.
func (a *Asker) Stop() { *a = Asker{} }

// Keyed says that the sender has its keys now.
func (a *Asker) Keyed(now time.Time) {
	if a.state == askWaiting {
		a.state, a.next = askAsking, now.Add(AskGrace)
	}
}

// Missed says that frames under the right key come, but not the key frame
// before them.
func (a *Asker) Missed(now time.Time) {
	if a.state == askWaiting {
		a.Closed(now)
	}
}

// Opened says that the gate opened.
func (a *Asker) Opened(now time.Time) {
	if a.state == askIdle {
		return
	}
	if !a.gated {
		a.Stop()
		return
	}
	a.state, a.next, a.until = askUnshown, now.Add(AskUnshown), now.Add(AskShownFor)
}

// Closed says that the gate closed again under the same route.
func (a *Asker) Closed(now time.Time) {
	a.state, a.next = askAsking, now
}

// Shown says that the receiver decoded a frame.
func (a *Asker) Shown() {
	if a.state == askUnshown {
		a.Stop()
	}
}

// Active says whether Due will be true some time.
func (a *Asker) Active() bool { return a.state != askIdle }

// Due says whether to ask now, once per due time.
func (a *Asker) Due(now time.Time) bool {
	if a.state == askIdle || now.Before(a.next) {
		return false
	}
	switch a.state {
	case askUnshown:
		if !now.Before(a.until) {
			a.Stop()
			return false
		}
		a.next = now.Add(AskUnshown)
	case askFirst:
		a.state, a.next = askWaiting, now.Add(AskFallback)
	default:
		a.state = askAsking
		a.next = now.Add(AskRetry)
	}
	return true
}
