package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// tapeAfter is how long a recording outlives its route: so long somebody who has left can still report.
const tapeAfter = time.Minute

// deck holds the recordings of a server within one bound: those that run, in the seats, and those that are over, here.
type deck struct {
	window time.Duration // what a recording should hold
	chunks int           // of one recording, at most
	total  int64         // of all

	held atomic.Int64 // chunks in use
	free sync.Pool

	mu     sync.Mutex  // guards what follows; nobody waits for a recorder's lock with it
	over   []*recorder // the oldest first
	closed bool
}

// newDeck answers nil when nothing is to be recorded.
func newDeck(cfg Config) *deck {
	if cfg.Tape == 0 {
		return nil
	}
	return &deck{window: cfg.Tape, chunks: max(2, cfg.TapeBytes/chunkSize), total: int64(max(2, cfg.TapeTotal/chunkSize))}
}

// start begins to record what an id is fed.
func (k *deck) start(id string, keyID uint64, now time.Time) *recorder {
	return &recorder{deck: k, id: id, keyID: keyID, began: now}
}

// end keeps a recording for a while, and takes nothing more into it.
func (k *deck) end(t *recorder, now time.Time) {
	t.mu.Lock()
	t.ended = now
	empty := len(t.chunks) == 0
	t.mu.Unlock()
	k.mu.Lock()
	if empty || k.closed {
		k.mu.Unlock()
		t.wipe()
		return
	}
	k.over = append(k.over, t)
	k.mu.Unlock()
	t.expiry = time.AfterFunc(tapeAfter, func() { k.forget(t) })
}

func (k *deck) forget(t *recorder) {
	k.mu.Lock()
	k.over = slices.DeleteFunc(k.over, func(o *recorder) bool { return o == t })
	k.mu.Unlock()
	t.wipe()
}

// find gives the recording that is over, the newest first.
func (k *deck) find(id string, keyID uint64) *recorder {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, t := range slices.Backward(k.over) {
		if t.id == id && t.keyID == keyID {
			return t
		}
	}
	return nil
}

// take gives a chunk; when there is no room, the oldest recording that is over gives way. nil when there is none.
func (k *deck) take() *chunk {
	for k.held.Add(1) > k.total {
		k.held.Add(-1)
		k.mu.Lock()
		if len(k.over) == 0 {
			k.mu.Unlock()
			return nil
		}
		oldest := k.over[0]
		k.over = slices.Delete(k.over, 0, 1)
		k.mu.Unlock()
		oldest.wipe()
	}
	if c, ok := k.free.Get().(*chunk); ok {
		return c
	}
	return new(chunk)
}

func (k *deck) give(c *chunk) {
	c.size = 0
	k.free.Put(c)
	k.held.Add(-1)
}

func (k *deck) close() {
	k.mu.Lock()
	over := k.over
	k.over, k.closed = nil, true
	k.mu.Unlock()
	for _, t := range over {
		t.expiry.Stop()
		t.wipe()
	}
}
