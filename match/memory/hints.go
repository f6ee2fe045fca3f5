package memory

import (
	"sync"

	"passerby/match"
)

// maxHints bounds the hints that wait for a slow Notify.
const maxHints = 1 << 16

// hints delivers events in order, one at a time, on the goroutine of a caller
// and outside the queue's lock. Whoever finds a delivery under way leaves its
// own events to that; so Notify may call the queue.
type hints struct {
	mu      sync.Mutex // guards the rest; never held while notify runs
	events  []match.Event
	running bool
	notify  func(match.Event)
}

// put adds events in their order. Called under the queue's lock, which gives the order.
func (h *hints) put(e match.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.events) >= maxHints {
		h.events = h.events[1:]
	}
	h.events = append(h.events, e)
}

// deliver hands out what there is. Called without the queue's lock.
func (h *hints) deliver() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.running {
		return
	}
	h.running = true
	defer func() { h.running = false }() // also when notify panics
	for len(h.events) > 0 {
		e := h.events[0]
		h.events = h.events[1:]
		h.call(e)
	}
	h.events = nil
}

func (h *hints) call(e match.Event) {
	h.mu.Unlock()
	defer h.mu.Lock()
	h.notify(e)
}
