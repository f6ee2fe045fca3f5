package post

import (
	"sync"

	"passerby/internal/bus"
)

// letterCost is what one letter counts besides its bytes.
const letterCost = 64

// outbox holds the letters that wait for Redis, in their order, up to a limit. Safe for concurrent use; one
// goroutine takes.
type outbox struct {
	limit int
	more  chan struct{} // holds a token when there may be something to take

	mu      sync.Mutex // guards what follows
	letters []letter
	size    int
	closed  bool
}

type letter struct {
	node, session string
	data          []byte
}

func (l letter) size() int { return letterCost + len(l.session) + len(l.data) }

func newOutbox(limit int) *outbox { return &outbox{limit: limit, more: make(chan struct{}, 1)} }

// put queues a letter, whose data it keeps.
func (o *outbox) put(l letter) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.closed:
		return bus.ErrClosed
	case o.size+l.size() > o.limit:
		return bus.ErrFull
	}
	o.letters = append(o.letters, l)
	o.size += l.size()
	o.wake()
	return nil
}

func (o *outbox) wake() {
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// take waits for letters and takes the first ones, up to a size but at least one; nil when the outbox is closed and empty.
func (o *outbox) take(most int) []letter {
	for range o.more {
		if batch, over := o.pick(most); over || len(batch) > 0 {
			return batch
		}
	}
	return nil
}

func (o *outbox) pick(most int) (batch []letter, over bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, size := 0, 0
	for n < len(o.letters) && (n == 0 || size+o.letters[n].size() <= most) {
		size += o.letters[n].size()
		n++
	}
	batch, o.letters = o.letters[:n:n], o.letters[n:]
	if o.size -= size; len(o.letters) == 0 {
		o.letters = nil
	}
	if o.letters != nil || o.closed {
		o.wake()
	}
	return batch, o.closed && n == 0
}

// close accepts nothing more.
func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.wake()
}

func (o *outbox) isClosed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closed
}
