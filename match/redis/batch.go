package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"
)

// Bounds of a batch.
const (
	batchCalls   = 128             // calls in one run of the script
	batchTimeout = 4 * time.Second // for one run, retries included
)

// call is one call of the queue on its way through the script.
type call struct {
	ctx    context.Context
	packed [][]byte    // arguments of the script
	answer chan answer // buffered: nobody may be waiting any more
}

type answer struct {
	fields []any
	err    error
}

// do runs one call. One batch is under way at a time; calls that come meanwhile go together in the next. So a
// quiet queue answers after one round trip, and a busy one shares the price of a run among many.
func (q *Queue) do(ctx context.Context, packed ...[]byte) ([]any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := &call{ctx: ctx, packed: packed, answer: make(chan answer, 1)}
	q.mu.Lock()
	q.calls = append(q.calls, c)
	if !q.flying {
		q.flying = true
		q.flights.Go(q.fly)
	}
	q.mu.Unlock()
	select {
	case a := <-c.answer:
		return a.fields, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// fly sends batches until no call is left.
func (q *Queue) fly() {
	for {
		q.mu.Lock()
		n := min(len(q.calls), batchCalls)
		batch := q.calls[:n:n]
		q.calls = q.calls[n:]
		if q.flying = n > 0; !q.flying {
			q.calls = nil
		}
		q.mu.Unlock()
		if n == 0 {
			return
		}
		q.send(batch)
	}
}

// send runs the script for the calls that somebody still waits for.
func (q *Queue) send(batch []*call) {
	now := ""
	if q.cfg.Now != nil {
		now = fmt.Sprint(q.cfg.Now().UnixMilli())
	}
	args := []any{now, rand.Text(), q.node}
	var sent []*call
	for _, c := range batch {
		if c.ctx.Err() == nil {
			sent = append(sent, c)
			for _, arg := range c.packed {
				args = append(args, arg)
			}
		}
	}
	if len(sent) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	answers, err := q.script.Run(ctx, q.client, []string{q.root}, args...).Slice()
	if err == nil && len(answers) != len(sent) {
		err = fmt.Errorf("%d answers to %d calls", len(answers), len(sent))
	}
	for i, c := range sent {
		a := answer{err: err}
		if err == nil {
			a.fields, _ = answers[i].([]any)
		}
		c.answer <- a
	}
}
