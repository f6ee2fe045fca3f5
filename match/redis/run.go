package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// hintBuffer is how many hints may wait for Notify before Redis is made to wait, and drops us in the end.
const hintBuffer = 4096

// Run hands out hints and sweeps until ctx is done, and returns nil then, after the last call's end. A node runs it once.
func (q *Queue) Run(ctx context.Context) error {
	hints := q.client.Subscribe(ctx, q.root+"n:"+q.node)
	defer func() { _ = hints.Close() }()
	defer q.flights.Wait()
	incoming := hints.ChannelWithSubscriptions(redis.WithChannelSize(hintBuffer))
	done := make(chan struct{})
	defer func() { <-done }()
	go func() {
		defer close(done)
		q.sweeps(ctx)
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-incoming:
			if !ok {
				return nil
			}
			switch m := m.(type) {
			case *redis.Subscription:
				q.listen.Do(func() { close(q.listening) })
			case *redis.Message:
				q.hint(m.Payload)
			}
		}
	}
}

// Listening is closed once hints can come: those of before are lost, and Renew tells what they would have.
func (q *Queue) Listening() <-chan struct{} { return q.listening }

func (q *Queue) hint(message string) {
	e, err := parseHint(message)
	if err != nil {
		q.cfg.Logger.Warn("a hint of the queue", "err", err)
		return
	}
	if q.cfg.Notify != nil {
		q.cfg.Notify(e)
	}
}

func (q *Queue) sweeps(ctx context.Context) {
	ticker := time.NewTicker(q.cfg.Sweep)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := q.sweep(ctx, q.cfg.Sweep/2)
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			if failing {
				q.cfg.Logger.Warn("the queue in Redis cannot be swept", "err", err)
			} else {
				q.cfg.Logger.Info("the queue in Redis is swept again")
			}
		}
	}
}

// Sweep does now what Run does from time to time: whatever has fallen due, then another try, the oldest first,
// for those whom a recent partner waits for.
func (q *Queue) Sweep(ctx context.Context) error { return q.sweep(ctx, 0) }

// sweep leaves the second part out when another node has done it within the time given.
func (q *Queue) sweep(ctx context.Context, young time.Duration) error {
	for from := ""; ; {
		answer, err := q.do(ctx, "sweep", from, young.Milliseconds())
		if err != nil {
			return err
		}
		if len(answer) != 2 {
			return errWire
		}
		if answer[0] == "end" {
			return nil
		}
		from, _ = answer[1].(string)
	}
}
