package sfu

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/congestion"
)

// outward is the congestion control of what a peer is sent, audio and video together. What it finds out goes to whoever
// feeds the peer:
//
//	downlinks ─▶ sent ─▶ browser B ─▶ feedback ─▶ limit ── tick of A ─▶ restrain ─REMB─▶ browser A
type outward struct {
	limit atomic.Int64 // bits per second that the browser can take; 0: no limit is known
	lossy atomic.Bool  // it loses packets though they need not wait: repairs are sent twice

	mu        sync.Mutex            // guards what follows
	estimator *congestion.Estimator // from the first packet that has a number
}

// sent numbers a packet of so many bytes. copies: send it so often again. It does not allocate after the first.
func (o *outward) sent(size int, now time.Time) (seq uint16, copies int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.estimator == nil {
		o.estimator = congestion.New(now)
	}
	return o.estimator.Sent(size, now), o.estimator.Probe(now)
}

// feedback takes a whole RTCP packet. ok is false when it is malformed.
func (o *outward) feedback(b []byte, now time.Time) (ok bool) {
	r, err := congestion.Parse(b)
	if err != nil {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.estimator != nil {
		o.estimator.Feedback(r, now)
		o.limit.Store(int64(o.estimator.Limit()))
		o.lossy.Store(o.estimator.Lossy())
	}
	return true
}

// told takes the browser's own estimate, where it counts arrivals itself and sends no feedback.
func (o *outward) told(bits float32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.estimator != nil || !(bits > 0):
	case bits >= congestion.Ceiling:
		o.limit.Store(0)
	default:
		o.limit.Store(max(int64(bits), congestion.Floor))
	}
}

// want notes what would be sent if there were room, in bits per second; 0 is no more than is sent.
func (o *outward) want(bits int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.estimator != nil {
		o.estimator.Want(bits)
	}
}

// switched says that another source begins.
func (o *outward) switched(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.estimator != nil {
		o.estimator.Switched(now)
	}
}

// restraint is what a peer was told not to send more than. Only its tick uses it.
type restraint struct {
	told  int64 // bits per second; 0: nothing, or that all is well again
	again int   // how often that is still to be told
	at    time.Time
}

const (
	restrainEvery = time.Second
	liftTimes     = 3 // that a limit's end is told, since reports can be lost
)

// due decides what to tell now, given the limit; 0 is none. bits 0 lifts the limit.
func (r *restraint) due(limit int64, now time.Time) (bits int64, tell bool) {
	waited := now.Sub(r.at) >= restrainEvery
	switch {
	case limit == 0 && r.told == 0:
		if r.again == 0 || !waited {
			return 0, false
		}
		r.again--
	case limit == 0:
		r.again = liftTimes - 1
	case !waited && r.told != 0 && limit < r.told+r.told/20 && limit > r.told-r.told/20:
		return 0, false
	}
	r.told, r.at = limit, now
	return limit, true
}

// restrain tells the browser to send no more than those that it feeds can take.
func (p *peer) restrain(now time.Time) {
	bits, tell := p.restraint.due(p.seat.limit(), now)
	if !tell {
		return
	}
	if bits == 0 {
		bits = int64(p.server.cfg.UplinkBits)
	}
	u := &p.up[video]
	u.mu.Lock()
	ssrc := u.ssrc
	u.mu.Unlock()
	p.writeRTCP(&rtcp.ReceiverEstimatedMaximumBitrate{SenderSSRC: 1, Bitrate: float32(bits), SSRCs: []uint32{ssrc}})
}

// share is what each of those who feed the peer may send, in bits per second; 0: no limit is known.
func (p *peer) share() int64 {
	limit, n := p.outward.limit.Load(), int64(0)
	if limit == 0 {
		return 0
	}
	for range p.seat.routes {
		n++
	}
	return max(limit/max(n, 1), congestion.Floor)
}

// limit is the least that any receiver of the id can take, but for those who can choose among its encodings; 0: no limit is known.
func (m *seat) limit() (least int64) {
	lower := func(bits int64) {
		if bits > 0 && (least == 0 || bits < least) {
			least = bits
		}
	}
	layered := m.layered()
	if fed := m.fed.Load(); fed != nil {
		for _, to := range *fed {
			if p := to.seat.peer.Load(); p != nil && !layered {
				lower(p.share())
			}
		}
	}
	if outlets := m.outlets.Load(); outlets != nil {
		for _, o := range *outlets {
			lower(o.limit.Load())
		}
	}
	return least
}
