package signaling

import "sync"

// idleWorkers is how many goroutines of a crew wait for work; each keeps a few KB of stack.
const idleWorkers = 32

// crew does short work that comes now and then, each piece on a goroutine of its own at
// once. Some goroutines stay for the next piece, because a new one would have to grow
// its stack first. Safe for concurrent use.
type crew struct {
	work chan func() // to those who wait for it
	over chan struct{}

	mu      sync.Mutex // guards what follows
	idle    int
	closed  bool
	waiting sync.WaitGroup
}

func newCrew() *crew { return &crew{work: make(chan func()), over: make(chan struct{})} }

// do has work done. It never blocks.
func (c *crew) do(work func()) {
	select {
	case c.work <- work:
	default:
		go c.labour(work)
	}
}

func (c *crew) labour(work func()) {
	for work != nil {
		work()
		work = c.next()
	}
}

// next waits for more work; nil when there are enough who wait, or it is closed.
func (c *crew) next() func() {
	c.mu.Lock()
	if c.closed || c.idle >= idleWorkers {
		c.mu.Unlock()
		return nil
	}
	c.idle++
	c.waiting.Add(1)
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.idle--
		c.waiting.Done()
	}()
	select {
	case work := <-c.work:
		return work
	case <-c.over:
		return nil
	}
}

// close sends home who waits for work, and returns when they are gone. What is worked on goes on.
func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	close(c.over)
	c.waiting.Wait()
}
