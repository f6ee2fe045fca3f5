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

// outbox holds what is to be written to one connection, up to a limit in bytes. A
// goroutine writes while there is something to write, and only then: a quiet
// connection costs none. put never blocks. Safe for concurrent use.
type outbox struct {
	limit int
	write func(item) error // called by one goroutine at a time; bounded by a deadline
	after func(err error)  // called once, when nothing more will be written

	mu      sync.Mutex // guards what follows
	items   []item
	bytes   int  // in items, and in the write that is under way
	writing bool // a goroutine is at it
	closed  bool // nothing is accepted any more
	idle    sync.WaitGroup
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
		o.idle.Add(1)
		go o.run()
	}
}

func (o *outbox) run() {
	defer o.idle.Done()
	written := 0
	for {
		it, ok := o.take(written)
		if !ok {
			return
		}
		err := o.write(it)
		if err != nil || it.kind == itemClose {
			o.stop()
			o.after(err)
			return
		}
		written = len(it.data)
	}
}

// take accounts for what was written and takes the next item; false means that the
// writer's work is done.
func (o *outbox) take(written int) (item, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.bytes -= written
	if len(o.items) == 0 {
		o.items = nil
		o.writing = false
		return item{}, false
	}
	it := o.items[0]
	o.items[0] = item{}
	o.items = o.items[1:]
	return it, true
}

// stop gives everything up; writing stays set so that no writer starts again.
func (o *outbox) stop() {
	o.mu.Lock()
	o.closed = true
	o.items = nil
	o.mu.Unlock()
}

// wait returns when no goroutine writes any more. Call it after close.
func (o *outbox) wait() { o.idle.Wait() }
