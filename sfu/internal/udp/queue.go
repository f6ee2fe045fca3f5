package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// maxDatagram is the longest datagram that is taken, in bytes; longer ones are dropped.
const maxDatagram = 1600

// packet is a datagram on its way.
type packet struct {
	next *packet
	addr netip.AddrPort
	n    int
	b    [maxDatagram]byte
}

var packets = sync.Pool{New: func() any { return new(packet) }}

func newPacket(b []byte, addr netip.AddrPort) *packet {
	p := packets.Get().(*packet)
	p.n, p.addr, p.next = copy(p.b[:], b), addr, nil
	return p
}

func (p *packet) bytes() []byte { return p.b[:p.n] }

func (p *packet) free() { packets.Put(p) }

// queue passes packets from many goroutines to one, without a lock: a stack that the reader takes whole and turns over.
type queue struct {
	head atomic.Pointer[packet]
	room atomic.Int32
	wake chan struct{} // has a token when the stack was empty before
}

func (q *queue) init(room int32) {
	q.room.Store(room)
	q.wake = make(chan struct{}, 1)
}

// push appends a copy of b; false means that the queue is full.
func (q *queue) push(b []byte, addr netip.AddrPort) bool {
	if q.room.Add(-1) < 0 {
		q.room.Add(1)
		return false
	}
	p := newPacket(b, addr)
	for {
		old := q.head.Load()
		p.next = old
		if !q.head.CompareAndSwap(old, p) {
			continue
		}
		if old == nil {
			select {
			case q.wake <- struct{}{}:
			default:
			}
		}
		return true
	}
}

// take gives all packets, the first pushed first. The caller gives their room back.
func (q *queue) take() *packet {
	var first *packet
	for p := q.head.Swap(nil); p != nil; {
		p.next, first, p = first, p, p.next
	}
	return first
}

// drop frees what is queued.
func (q *queue) drop() {
	for p := q.take(); p != nil; {
		next := p.next
		p.free()
		q.room.Add(1)
		p = next
	}
}
