package sfu

import (
	"time"

	"passerby/sfu/internal/congestion"
)

// afford decides how many pictures a receiver's network carries beside the sound, which is never left out: those of the last
// slots are held back first. Only the receiver's tick uses it.
//
//	                    limit < one Floor a picture, for pauseAfter
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

// decide answers how many of n pictures to hold back, given the limit in bits per second; 0 is none.
func (a *afford) decide(n int, limit int64, now time.Time) (held int) {
	a.held = min(a.held, n)
	shown := n - a.held
	short := limit > 0 && limit < int64(shown)*congestion.Floor
	switch {
	case !short:
		a.since = time.Time{}
	case a.since.IsZero():
		a.since = now
	}
	enough := limit == 0 || limit >= int64(shown+1)*congestion.Floor*3/2
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

// afford holds back what the peer's network does not carry.
func (p *peer) affordPictures(now time.Time) {
	limit := p.outward.limit.Load()
	if limit == 0 && p.afford.held == 0 {
		return
	}
	var pictures [MaxSlots]*downlink
	n := 0
	for slot := range p.down {
		if d := p.down[slot][video].Load(); d != nil && d.fed() {
			pictures[n] = d
			n++
		}
	}
	held := p.afford.decide(n, limit, now)
	for i, d := range pictures[:n] {
		d.hold(i >= n-held, now)
	}
}

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
