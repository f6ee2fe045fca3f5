package impair

import (
	"container/heap"
	"sync"
	"time"
)

// A parcel is a packet on its way.
type parcel struct {
	leave time.Time
	order uint64 // of arrival, so that equal times keep it
	data  []byte
	send  func([]byte)
}

type parcels []parcel

func (p parcels) Len() int { return len(p) }
func (p parcels) Less(i, j int) bool {
	if p[i].leave.Equal(p[j].leave) {
		return p[i].order < p[j].order
	}
	return p[i].leave.Before(p[j].leave)
}
func (p parcels) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *parcels) Push(x any)   { *p = append(*p, x.(parcel)) }
func (p *parcels) Pop() any {
	old := *p
	last := old[len(old)-1]
	old[len(old)-1] = parcel{}
	*p = old[:len(old)-1]
	return last
}

// A line holds parcels until they leave. One goroutine (run) sends them.
type line struct {
	mu     sync.Mutex // guards heap, next and closed
	heap   parcels
	next   uint64
	limit  int
	closed bool
	wake   chan struct{}
}

func newLine(limit int) *line { return &line{limit: limit, wake: make(chan struct{}, 1)} }

// put takes a parcel and tells whether there was room.
func (l *line) put(leave time.Time, data []byte, send func([]byte)) bool {
	l.mu.Lock()
	if l.closed || len(l.heap) >= l.limit {
		l.mu.Unlock()
		return false
	}
	heap.Push(&l.heap, parcel{leave, l.next, data, send})
	l.next++
	first := l.heap[0].order == l.next-1
	l.mu.Unlock()
	if first {
		l.nudge()
	}
	return true
}

func (l *line) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *line) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.nudge()
}

// run sends each parcel at its time until close.
func (l *line) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var due []parcel
	for {
		due = due[:0]
		wait := time.Hour
		now := time.Now()
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return
		}
		for len(l.heap) > 0 {
			if d := l.heap[0].leave.Sub(now); d > 0 {
				wait = d
				break
			}
			due = append(due, heap.Pop(&l.heap).(parcel))
		}
		l.mu.Unlock()
		for _, p := range due {
			p.send(p.data)
		}
		if len(due) > 0 {
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-l.wake:
		}
	}
}
