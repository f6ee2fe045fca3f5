package sfu

import (
	"sync/atomic"
	"time"

	"passerby/sfu/internal/stream"
)

// Sound on a way that loses packets. To ask for a lost packet takes longer than a listener waits. So the sender is told how much is lost
// on the whole way, to make Opus put into each packet what mends the one before, and a receiver whose way loses packets is sent each
// packet a second time, beside the next one:
//
//	1 │ 2 1 │ 3 2 │ 4 3 …

// soundMost is the longest packet of sound that is sent twice, in bytes.
const soundMost = 1275 + 64 // RFC 6716 §3.4, and what encryption adds

// echoWorth is how long after the first sending the second is of use.
const echoWorth = 60 * time.Millisecond

// keepEcho keeps the packet that was just written, if it is to be sent twice. The caller holds mu.
func (d *downlink) keepEcho(payload []byte, codec stream.Codec, now time.Time) {
	if d.kind != audio || len(payload) > soundMost || !d.peer.outward.lossy.Load() {
		return
	}
	if d.echo == nil {
		d.echo = make([]byte, 0, ringHeader+soundMost)
	}
	d.echo = append(d.echo[:ringHeader], payload...)
	putRingHeader(d.echo, &d.header, codec, d.number)
	d.echoed = now
}

// sendEcho sends the packet kept, bit for bit: it is encrypted under the same nonce. The caller holds mu.
func (d *downlink) sendEcho(now time.Time) {
	if len(d.echo) == 0 {
		return
	}
	if now.Sub(d.echoed) < echoWorth && d.budget.take(len(d.echo)-ringHeader, d.peer.outward.limit.Load(), now) {
		d.again(d.echo, now)
		d.resent.Add(1)
	}
	d.echo = d.echo[:0]
}

// lossWorth is how long a receiver's word on what was lost counts: browsers report of sound about every 5 s.
const lossWorth = 12 * time.Second

// lossReport is the share of packets that a receiver says were lost, and when he said so. The first of a route may tell of the one before,
// which does no harm: the way to the receiver is the same. It may be used by many goroutines.
type lossReport struct {
	v atomic.Int64 // Unix milliseconds << 8 | share in 1/256 (RFC 3550 §6.4.1)
}

func (l *lossReport) told(fraction uint8, now time.Time) {
	l.v.Store(now.UnixMilli()<<8 | int64(fraction))
}

func (l *lossReport) forget() { l.v.Store(0) }

func (l *lossReport) fraction(now time.Time) uint8 {
	v := l.v.Load()
	if now.UnixMilli()-v>>8 > lossWorth.Milliseconds() {
		return 0
	}
	return uint8(v)
}

// soundLost is the greatest share of the id's sound that a receiver misses, in 1/256. What was lost on the way here is in it.
func (m *seat) soundLost(now time.Time) (most uint8) {
	if fed := m.fed.Load(); fed != nil {
		for _, to := range *fed {
			if p := to.seat.peer.Load(); p != nil {
				if d := p.down[to.n][audio].Load(); d != nil {
					most = max(most, d.heard.fraction(now))
				}
			}
		}
	}
	if outlets := m.outlets.Load(); outlets != nil {
		for _, o := range *outlets {
			most = max(most, o.lost.fraction(now))
		}
	}
	return most
}
