package udp

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// maxDatagram is the longest datagram that is taken, in bytes; longer ones are dropped.
const maxDatagram = 1600

// Packet is a datagram on its way.
type Packet struct {
	next *Packet
	addr netip.AddrPort
	n    int
	b    [maxDatagram]byte
}

var packets = sync.Pool{New: func() any { return new(Packet) }}

// NewPacket makes an empty packet. The caller gives it to Session.Send, or frees it.
func NewPacket() *Packet {
	p := packets.Get().(*Packet)
	p.n, p.next = 0, nil
	return p
}

// Room is the packet's whole memory.
func (p *Packet) Room() []byte { return p.b[:] }

// SetLen says how many bytes of the room are the datagram.
func (p *Packet) SetLen(n int) { p.n = n }

// Bytes is the datagram.
func (p *Packet) Bytes() []byte { return p.b[:p.n] }

// Free gives the memory back.
func (p *Packet) Free() { packets.Put(p) }

// queue passes packets from many goroutines to one, without a lock: a stack that the reader takes whole and turns over.
type queue struct {
	head atomic.Pointer[Packet]
	room atomic.Int32
	wake chan struct{}
}

func (q *queue) init(room int32) {
	q.room.Store(room)
	q.wake = make(chan struct{}, 1)
}

// push appends p. first: the queue was empty, so that somebody has to signal. Without ok the queue is full, and p the
// caller's again.
func (q *queue) push(p *Packet) (first, ok bool) {
	if q.room.Add(-1) < 0 {
		q.room.Add(1)
		return false, false
	}
	for {
		old := q.head.Load()
		p.next = old
		if q.head.CompareAndSwap(old, p) {
			return old == nil, true
		}
	}
}

// signal wakes the one who waits on wake.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives all packets, the first pushed first. The caller gives their room back.
func (q *queue) take() *Packet {
	var first *Packet
	for p := q.head.Swap(nil); p != nil; {
		p.next, first, p = first, p, p.next
	}
	return first
}

// drop frees what is queued.
func (q *queue) drop() {
	for p := q.take(); p != nil; {
		next := p.next
		p.Free()
		q.room.Add(1)
		p = next
	}
}
