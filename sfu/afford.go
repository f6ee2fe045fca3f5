package sfu

import (
	"time"
)

// afford decides how many pictures a receiver's network carries beside the sound, which is never left out: those of the last
// slots are held back first. Only the receiver's tick uses it.
//
//	                    limit < the least of each picture, for pauseAfter
//	┌─────────────────┐ ────────────────────────────────────────▶ ┌────────────────────┐
//	│ n pictures shown│                                           │ n − 1 pictures shown│
//	└─────────────────┘ ◀──────────────────────────────────────── └────────────────────┘
//	      limit for one more, or it is time to try (10 s, 20 s … 80 s)
type afford struct {
	held  int       // pictures held back
	since time.Time // that there is too little; zero when there is enough
	retry time.Time
	pause time.Duration
}

const (
	pauseAfter = 2 * time.Second
	retryAfter = 10 * time.Second
	retryMost  = 80 * time.Second
)

// decide answers how many pictures to hold back, given the bits per second that each takes at least, and the limit; 0 is none.
func (a *afford) decide(least []int64, limit int64, now time.Time) (held int) {
	a.held = min(a.held, len(least))
	shown := len(least) - a.held
	var need, more int64
	for _, bits := range least[:shown] {
		need += bits
	}
	if a.held > 0 {
		more = need + least[shown]
	}
	short := limit > 0 && limit < need
	switch {
	case !short:
		a.since = time.Time{}
	case a.since.IsZero():
		a.since = now
	}
	enough := limit == 0 || limit >= roomForMore(more)
	switch {
	case short && shown > 0 && now.Sub(a.since) >= pauseAfter:
		a.held++
		a.since = now
		a.pause = min(max(2*a.pause, retryAfter), retryMost)
		a.retry = now.Add(a.pause)
	case a.held > 0 && !short && (enough || !now.Before(a.retry)):
		a.held--
		a.retry = now.Add(a.pause)
	case a.held == 0 && a.pause > 0 && now.Sub(a.retry) > retryMost:
		a.pause = 0
	}
	return a.held
}

// want is what must be found to fit before the next picture is let through again, 0 when none is held back. Sound alone, which is all that is
// sent when every picture is held back, would never show that there is room.
func (a *afford) want(least []int64) (bits int64) {
	if a.held == 0 {
		return 0
	}
	for _, l := range least[:len(least)-a.held+1] {
		bits += l
	}
	return roomForMore(bits)
}

func roomForMore(bits int64) int64 { return bits * 3 / 2 }

func (d *downlink) fed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.route != nil
}

// hold holds the picture back, or lets it through again from the next key frame on.
func (d *downlink) hold(held bool, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == held || d.route == nil {
		return
	}
	d.held = held
	d.gate.Reset(d.route.keyID)
	if held {
		d.asker.Stop()
	} else {
		d.asker.Closed(now)
	}
}
