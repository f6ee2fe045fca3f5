package signaling

import "sync"

// itemKind says what an outbox item is.
type itemKind uint8

const (
	itemText  itemKind = iota // a text frame
	itemPing                  // a WebSocket ping
	itemClose                 // the close frame, after which nothing follows
)

// item is one thing to write to a connection.
type item struct {
	kind itemKind
	data []byte // of itemText
	code int    // of itemClose
}

// batchBytes is how much is written at once, unless one item alone is more.
const batchBytes = 16 << 10

// writer is where an outbox writes to.
type writer interface {
	// write is called by one goroutine at a time, and is bounded by a deadline.
	write(items []item) error
	// written is called once, when nothing more will be written.
	written(err error)
	// spawn has work done on a goroutine of its own. It must not block.
	spawn(work func())
}

// outbox holds what is to be written to one connection, up to a limit in bytes. A
// goroutine writes while there is something to write, and only then: a quiet
// connection costs none. put never blocks. Safe for concurrent use.
type outbox struct {
	limit int
	to    writer

	mu      sync.Mutex // guards what follows
	items   []item
	bytes   int           // in items, and in the write that is under way
	writing bool          // a goroutine is at it
	closed  bool          // nothing is accepted any more
	idle    chan struct{} // closed when nobody writes any more; nil while nobody waits for that
}

// put queues one item. It answers false, and queues nothing, when the outbox is over
// its limit; what comes after close is dropped silently.
func (o *outbox) put(it item) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return true
	}
	if o.bytes+len(it.data) > o.limit {
		return false
	}
	o.add(it)
	return true
}

// ping queues a ping unless something is being written anyhow.
func (o *outbox) ping() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.closed && !o.writing {
		o.add(item{kind: itemPing})
	}
}

// close queues the last items, beyond the limit, and accepts nothing more. With drop
// set, what has not been written yet is given up. It answers false when the outbox
// was closed before.
func (o *outbox) close(drop bool, last ...item) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.closed = true
	if drop {
		for _, it := range o.items {
			o.bytes -= len(it.data)
		}
		o.items = nil
	}
	for _, it := range last {
		o.add(it)
	}
	return true
}

// add is called with mu held.
func (o *outbox) add(it item) {
	o.items = append(o.items, it)
	o.bytes += len(it.data)
	if !o.writing {
		o.writing = true
		o.to.spawn(o.run)
	}
}

func (o *outbox) run() {
	for items := o.take(nil); items != nil; items = o.take(items) {
		err := o.to.write(items)
		if err != nil || items[len(items)-1].kind == itemClose {
			o.stop()
			o.to.written(err)
			o.rest()
			return
		}
	}
}

// take accounts for what was written and takes what waits, at least one item and at
// most batchBytes; nil means that the writer's work is done.
func (o *outbox) take(written []item) []item {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, it := range written {
		o.bytes -= len(it.data)
	}
	n, size := 0, 0
	for n < len(o.items) && (n == 0 || size+len(o.items[n].data) <= batchBytes) {
		size += len(o.items[n].data)
		n++
	}
	items := o.items[:n:n]
	if o.items = o.items[n:]; len(o.items) == 0 {
		o.items = nil
	}
	if n == 0 {
		o.rested()
		return nil
	}
	return items
}

// stop gives everything up.
func (o *outbox) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.items, o.bytes = nil, 0
}

func (o *outbox) rest() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rested()
}

// rested is called with mu held.
func (o *outbox) rested() {
	o.writing = false
	if o.idle != nil {
		close(o.idle)
		o.idle = nil
	}
}

// wait returns when no goroutine writes any more. Call it after close; one goroutine waits.
func (o *outbox) wait() {
	o.mu.Lock()
	if !o.writing {
		o.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	o.idle = idle
	o.mu.Unlock()
	<-idle
}
