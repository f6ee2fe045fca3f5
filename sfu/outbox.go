package sfu

import (
	"sync"
	"time"

	"github.com/pion/rtcp"
)

// outbox writes a peer's RTCP on a goroutine of its own, started when there is
// something to write and gone when there is not.
//
// It must not be written where packets are received: pion closes a connection
// holding a lock that WriteRTCP takes, and waits for that very goroutine.
type outbox struct {
	mu      sync.Mutex // guards what follows
	queue   []rtcp.Packet
	running bool
	idle    *sync.Cond // of mu; running became false
}

// outboxSize bounds what waits; more than that is old news.
const outboxSize = 64

// writeRTCP sends reports and requests, soon. Errors mean that the peer is not there.
func (p *peer) writeRTCP(pkts ...rtcp.Packet) {
	o := &p.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	if p.ended.Load() || len(o.queue)+len(pkts) > outboxSize {
		return
	}
	o.queue = append(o.queue, pkts...)
	if !o.running {
		o.running = true
		if o.idle == nil {
			o.idle = sync.NewCond(&o.mu)
		}
		go p.flush()
	}
}

func (p *peer) flush() {
	o := &p.outbox
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.queue) > 0 {
		pkts := o.queue
		o.queue = nil
		o.mu.Unlock()
		// Each by itself: a compound packet of ours would need a report in front.
		for i := range pkts {
			_ = p.pc.WriteRTCP(pkts[i : i+1])
		}
		o.mu.Lock()
	}
	o.running = false
	o.idle.Broadcast()
}

// wait returns when nothing is being written any more.
func (o *outbox) wait() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.running {
		o.idle.Wait()
	}
}

// prime makes the downlinks ready when the connection is up. pion opens a
// sender's streams at its first use, under the lock that closing holds; done
// here, a packet never waits for it.
func (p *peer) prime() {
	for kind := range p.down {
		d := p.down[kind].Load()
		if d == nil || d.sender.SetReadDeadline(time.Time{}) != nil {
			continue
		}
		d.mu.Lock()
		d.ready = d.writer != nil
		d.mu.Unlock()
	}
}
