package signaling

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestCrewKeepsSomeGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCrew()
		gate := make(chan struct{})
		var done atomic.Int32
		for range 3 * idleWorkers { // all at once: nobody waits for another
			c.do(func() {
				<-gate
				done.Add(1)
			})
		}
		synctest.Wait()
		if c.idle != 0 {
			t.Errorf("%d are idle while all work", c.idle)
		}
		close(gate)
		synctest.Wait()
		if done.Load() != 3*idleWorkers || c.idle != idleWorkers {
			t.Errorf("%d done, %d stayed; want %d and %d", done.Load(), c.idle, 3*idleWorkers, idleWorkers)
		}
		held := make(chan struct{})
		c.do(func() {
			<-held
			c.do(func() { done.Add(1) })
		})
		synctest.Wait()
		if c.idle != idleWorkers-1 {
			t.Errorf("%d are idle, want %d: one of them works", c.idle, idleWorkers-1)
		}
		c.close() // does not wait for who works
		close(held)
		synctest.Wait()
		if done.Load() != 3*idleWorkers+1 || c.idle != 0 {
			t.Errorf("after close: %d done, %d idle", done.Load(), c.idle)
		}
	})
}
