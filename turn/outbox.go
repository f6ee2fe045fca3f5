package turn

import "sync"

// maxWaiting bounds what waits for a client that reads slowly, in bytes; what finds no room is dropped, as networks do.
const maxWaiting = 256 << 10

// outbox holds whole messages, back to back, for the goroutine that writes to a stream. Writers never wait.
type outbox struct {
	mu     sync.Mutex // guards the rest
	ready  sync.Cond  // something waits, or all is over
	b      []byte
	closed bool
}

// put adds a message. It reports false when it was dropped.
func (o *outbox) put(b []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || len(o.b)+len(b) > maxWaiting {
		return false
	}
	o.b = append(o.b, b...)
	o.ready.Signal()
	return true
}

// take waits for messages and returns all. It keeps spent, unless that is large, for what comes next. more is false after close.
func (o *outbox) take(spent []byte) (b []byte, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if cap(spent) > maxWaiting/8 {
		spent = nil
	}
	for len(o.b) == 0 && !o.closed {
		o.ready.Wait()
	}
	if o.closed {
		return nil, false
	}
	b, o.b = o.b, spent[:0]
	return b, true
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.ready.Signal()
}
