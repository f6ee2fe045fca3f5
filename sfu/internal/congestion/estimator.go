package congestion

import "time"

// Floor and Ceiling of the limit, in bits per second: below there would be no picture worth the name, above is none.
const (
	Floor   = 80_000
	Ceiling = 4_000_000
)

const (
	historySize = 1024 // packets
	backOff     = 0.85 // of what arrived, when the delay grows
	growth      = 0.08 // a second
	fastGrowth  = 0.16 // a second, below few
	few         = 300_000
	lossHigh    = 0.12
	lossSome    = 0.07
	lossWindow  = 1_000_000 // µs
	lossPackets = 30
	lossFloor   = 150_000
	lossRepair  = 0.02       // so many that repairs are lost too
	lossMemory  = 10_000_000 // µs: what is sent twice hides its losses
)

// Estimator is the congestion control of what one browser is sent.
type Estimator struct {
	begun   time.Time
	history [historySize]packet
	seq     uint16 // the next one

	reference int64 // of the last report
	reported  bool
	groups    groups
	trend     trend
	queue     queue
	arrivals  meter
	probe     probe

	limit     float64 // 0: none
	wanted    float64 // 0: no more than is sent
	rtt       int64   // µs, with the time that feedback takes
	decreased int64   // µs
	grown     int64   // µs
	lost      struct {
		since        int64 // µs
		gone, missed int
		share        float64 // in the last window
		many         int64   // when it was over lossRepair last, µs; 0: never
	}
}

type packet struct {
	at    int64 // µs, when it was sent
	size  uint16
	seq   uint16
	state uint8 // of sent, told lost, told received
}

const (
	unused uint8 = iota
	sent
	toldLost
	toldReceived
)

// New makes one; now is the beginning of its time.
func New(now time.Time) *Estimator { return &Estimator{begun: now, rtt: 100_000} }

// Sent notes a packet of so many bytes above UDP, and gives its transport-wide sequence number.
func (e *Estimator) Sent(size int, now time.Time) (seq uint16) {
	seq = e.seq
	e.seq++
	at := now.Sub(e.begun).Microseconds()
	e.history[seq%historySize] = packet{at: at, size: uint16(size + overhead), seq: seq, state: sent}
	e.probe.sent(seq, at)
	return seq
}

// Limit is what may be sent, in bits per second; 0 means that no limit is known. While packets pile up it is half of what
// passes, until they are through.
func (e *Estimator) Limit() int {
	if e.queue.long {
		return int(e.limit / 2)
	}
	return int(e.limit)
}

// Want notes what would be sent if there were room, in bits per second; 0 is no more than is sent. Probes go up to it.
func (e *Estimator) Want(bits int64) { e.wanted = float64(bits) }

// Lossy says that packets are lost that nothing held up: sending more does not make it worse.
func (e *Estimator) Lossy() bool {
	return e.limit == 0 && !e.queue.stands() && e.lost.many != 0 && e.lost.since-e.lost.many < lossMemory
}

// Feedback takes a report.
func (e *Estimator) Feedback(r Report, now time.Time) {
	at := now.Sub(e.begun).Microseconds()
	if !e.reported {
		e.reported, e.reference = true, int64(r.reference)
	}
	e.reference = r.since(e.reference)
	worst := e.trend.state
	fresh := false
	for {
		seq, arrived, received, ok := r.Next()
		if !ok {
			break
		}
		p := &e.history[seq%historySize]
		if p.seq != seq || p.state == unused || p.state == toldReceived {
			continue
		}
		if !received {
			if p.state == sent {
				p.state = toldLost
				e.lost.gone++
				e.lost.missed++
			}
			continue
		}
		if p.state == toldLost { // late
			e.lost.missed--
			e.lost.gone--
		}
		p.state = toldReceived
		fresh = true
		e.lost.gone++
		e.rtt = at - p.at
		e.queue.packet(p.at, arrived)
		e.arrivals.add(arrived, int(p.size))
		e.probe.received(seq, arrived, int(p.size))
		if sentDelta, arrivedDelta, ok := e.groups.packet(p.at, arrived); ok {
			worst = e.trend.group(sentDelta, arrivedDelta, arrived)
			if worst == overuse && e.queue.stands() || e.queue.long && e.limit == 0 {
				e.overused(at)
			}
		}
	}
	if fresh {
		e.grow(worst, at)
	}
	e.losses(at)
	if bits, ok := e.probe.result(e.trend.state, at); ok && e.limit > 0 && bits > e.limit {
		e.set(min(bits, 3*e.limit))
	}
}

// overused lowers the limit below what arrives, once a round trip.
func (e *Estimator) overused(at int64) {
	e.probe.failed(at)
	rate, ok := e.arrivals.rate()
	if !ok || e.limit > 0 && at-e.decreased < min(max(e.rtt, 50_000), 300_000) {
		return
	}
	if to := backOff * rate; e.limit == 0 || to < e.limit {
		e.lower(to, at)
	}
}

func (e *Estimator) lower(to float64, at int64) {
	e.limit = max(to, Floor)
	e.decreased, e.grown = at, at
}

// grow raises the limit while the delay is steady and the limit is used.
func (e *Estimator) grow(s signal, at int64) {
	elapsed := float64(min(at-e.grown, 1_000_000)) / 1e6
	e.grown = at
	if e.limit == 0 || s != steady || e.queue.long || e.lost.share > lossSome || at-e.decreased < max(e.rtt, 200_000) {
		return
	}
	speed := growth
	if e.limit < few {
		speed = fastGrowth
	}
	to := e.limit * (1 + speed*elapsed)
	if rate, ok := e.arrivals.rate(); ok {
		to = min(to, 1.5*rate+50_000)
	}
	if to > e.limit {
		e.set(to)
	}
}

func (e *Estimator) set(to float64) {
	if e.limit = to; to >= Ceiling {
		e.limit = 0
	}
}

// losses lowers the limit when many packets are lost: a queue that is short shows no delay.
func (e *Estimator) losses(at int64) {
	l := &e.lost
	if at-l.since < lossWindow || l.gone < lossPackets {
		return
	}
	share := float64(l.missed) / float64(l.gone)
	l.since, l.gone, l.missed, l.share = at, 0, 0, share
	if share > lossRepair {
		l.many = at
	}
	if share <= lossHigh || at-e.decreased < 300_000 {
		return
	}
	rate, ok := e.arrivals.rate()
	if !ok {
		return
	}
	e.probe.failed(at)
	to := e.limit
	if to == 0 {
		to = rate / (1 - min(share, 0.9)) // what is sent
	}
	// A line that loses whatever it carries is not made better by sending next to nothing.
	if to = max(to*(1-0.5*share), lossFloor); e.limit == 0 || to < e.limit {
		e.lower(to, at)
	}
}
