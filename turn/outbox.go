package turn

import "sync"

// maxWaiting bounds what waits for a client that reads slowly, in bytes; what finds no room is dropped, as networks do.
const maxWaiting = 256 << 10

// outbox holds whole messages, back to back, for the goroutine that writes to a stream. Writers never wait.
type outbox struct {
	mu     sync.Mutex // guards the rest
	ready  sync.Cond  // something waits, or all is over
	b      []byte
	last   bool // nothing more will come, and what waits is to be written
	closed bool
}

// put adds a message. It reports false when it was dropped.
func (o *outbox) put(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.last || len(o.b)+len(b) > maxWaiting {
		return false
	}
	o.b = append(o.b, b...)
	o.ready.Signal()
	return true
}

// take waits for messages and returns all. It keeps spent, unless that is large, for what comes next. more is false after close, and when all is written after finish.
func (o *outbox) take(spent []byte) (b []byte, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if cap(spent) > maxWaiting/8 {
		spent = nil
	}
	for len(o.b) == 0 && !o.closed && !o.last {
		o.ready.Wait()
	}
	if o.closed || len(o.b) == 0 {
		return nil, false
	}
	b, o.b = o.b, spent[:0]
	return b, true
}

// finish lets what waits be written, and nothing after it.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last = true
	o.ready.Signal()
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.ready.Signal()
}
