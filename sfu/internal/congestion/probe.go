package congestion

import "time"

const (
	probePackets = 12
	probeTime    = 250_000   // µs, at least
	probeQuiet   = 2_000_000 // µs after a decrease before the first
	probeAgain   = 1_000_000 // µs after one that went well
	probeWait    = 2_000_000 // µs for its feedback
	probeBackOff = 16_000_000
	probeUse     = 0.6 // of the limit, or there is no need, unless more is wanted
	probeCopies  = 10  // of a packet at most
	probeStep    = 1.5 // times the limit at most
)

// probe sends twice as much for a moment, or as much as is wanted, to find out whether more would do.
//
//	idle ─begin─▶ sending ─12 packets, 250 ms─▶ waiting ─feedback─▶ idle (again in 1 s)
//	                 └──────────── overuse, losses ──────────▶ idle (again later and later)
type probe struct {
	state       probeState
	first, last uint16
	count       int
	copies      int
	begun       int64 // µs
	next        int64 // µs
	pause       int64 // µs after a failure

	got            int // packets
	bytes          int // without the first
	started, ended int64
}

type probeState uint8

const (
	probeIdle probeState = iota
	probeSending
	probeWaiting
)

// Probe says how often to send again what is sent now, mostly 0. That is more when a limit stands and has held for a while, and it
// is used or more is wanted than it allows.
func (e *Estimator) Probe(now time.Time) (copies int) {
	p := &e.probe
	at := now.Sub(e.begun).Microseconds()
	switch {
	case p.state == probeSending:
		return p.copies
	case p.state == probeWaiting && at-p.begun > probeWait:
		p.failed(at)
	case p.state == probeIdle && e.limit > 0 && at >= p.next && at-e.decreased >= probeQuiet && e.trend.state == steady:
		if rate, ok := e.arrivals.rate(); ok && (rate > probeUse*e.limit || e.wanted > e.limit) {
			p.begin(at, e.copies(rate))
			return p.copies
		}
		p.next = at + probeTime // so that not every packet asks
	}
	return 0
}

// copies is how often each packet must be sent besides for the rate that a probe tries.
func (e *Estimator) copies(rate float64) int {
	try := min(e.wanted, probeStep*e.limit)
	return max(1, min(int(try/max(rate, 1))-1, probeCopies))
}

// Switched says that another source begins: what held the last one back need not hold back this one.
func (e *Estimator) Switched(now time.Time) {
	e.probe.pause = 0
	e.probe.next = now.Sub(e.begun).Microseconds() + probeTime
}

func (p *probe) begin(at int64, copies int) {
	*p = probe{state: probeSending, begun: at, next: p.next, pause: p.pause, copies: copies}
}

func (p *probe) sent(seq uint16, at int64) {
	if p.state != probeSending {
		return
	}
	if p.count == 0 {
		p.first = seq
	}
	p.last = seq
	p.count++
	if p.count >= probePackets && at-p.begun >= probeTime {
		p.state = probeWaiting
	}
}

func (p *probe) received(seq uint16, arrived int64, size int) {
	if p.state == probeIdle || p.count == 0 || seq-p.first > p.last-p.first {
		return
	}
	if p.got == 0 {
		p.started = arrived
	} else {
		p.bytes += size
	}
	p.ended = max(p.ended, arrived)
	p.got++
}

func (p *probe) failed(at int64) {
	if p.state == probeIdle {
		return
	}
	p.state = probeIdle
	p.pause = min(max(2*p.pause, 4_000_000), probeBackOff)
	p.next = at + p.pause
}

// result gives what the probe has shown to be possible.
func (p *probe) result(s signal, at int64) (bits float64, ok bool) {
	if p.state != probeWaiting || 5*p.got < 4*p.count || p.ended <= p.started {
		return 0, false
	}
	if s == overuse {
		p.failed(at)
		return 0, false
	}
	p.state = probeIdle
	p.pause = 0
	p.next = at + probeAgain
	return 0.9 * float64(p.bytes) * 8e6 / float64(p.ended-p.started), true
}
