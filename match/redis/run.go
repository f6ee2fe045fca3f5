package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Bounds of messages that wait, of Redis and for Notify. Hints beyond are lost; flights and replies are sent again.
const (
	messageBuffer = 1024
	hintBuffer    = 1 << 16
)

// lookEvery is how often a node sees whether somebody leads.
const lookEvery = 250 * time.Millisecond

// Run listens to other nodes, hands out hints and sweeps until ctx is done, and returns nil then, after the last call's
// end. A node runs it once.
func (q *Queue) Run(ctx context.Context) error {
	messages := q.client.Subscribe(ctx, q.channel(q.node))
	defer func() { _ = messages.Close() }()
	incoming := messages.ChannelWithSubscriptions(redis.WithChannelSize(messageBuffer))
	hints, told := make(chan string, hintBuffer), make(chan struct{})
	go func() {
		defer close(told)
		for hint := range hints {
			q.hint(hint)
		}
	}()
	defer func() { close(hints); <-told }()
	look, sweep := time.NewTicker(lookEvery), time.NewTicker(q.cfg.Sweep)
	defer look.Stop()
	defer sweep.Stop()
	stop := ctx.Done()
	var ended <-chan struct{}
	for {
		select {
		case <-stop: // replies to the last calls may be on their way
			stop = nil
			look.Stop()
			sweep.Stop()
			q.put(func(w *work) { w.resign = true })
			ended = q.resting()
		case <-ended:
			return nil
		case <-look.C:
			q.put(func(w *work) { w.look = true })
		case <-sweep.C:
			q.put(func(w *work) { w.sweep = true })
		case m := <-incoming:
			switch m := m.(type) {
			case *redis.Subscription:
				q.listen.Do(func() { close(q.listening) })
			case *redis.Message:
				q.receive(m.Payload, hints)
			}
		}
	}
}

// Listening is closed once hints can come: those of before are lost, and Renew tells what they would have.
func (q *Queue) Listening() <-chan struct{} { return q.listening }

// receive takes a message apart.
func (q *Queue) receive(message string, hints chan<- string) {
	for c := (cutter{rest: message}); c.rest != ""; {
		letter, body := c.frame()
		err := c.err
		switch letter {
		case replyFrame:
			q.replied(body)
		case flightFrame:
			err = q.landed(body)
		case hintFrame:
			select {
			case hints <- body:
			default:
			}
		}
		if err != nil {
			q.cfg.Logger.Warn("a message of the queue", "err", err)
		}
	}
}

// replied hands a reply to who awaits it.
func (q *Queue) replied(body string) {
	c := cutter{rest: body}
	number := c.number()
	q.mu.Lock()
	defer q.mu.Unlock()
	if number == q.awaited && q.reply != nil {
		q.reply <- body
		q.reply = nil // it may come twice
	}
}

// landed takes the flight of another node in.
func (q *Queue) landed(body string) error {
	f, err := parseFlight(body)
	if err != nil {
		return err
	}
	q.put(func(w *work) {
		if len(w.guests) < mostQueued {
			w.guests = append(w.guests, f)
		}
	})
	return nil
}

func (q *Queue) hint(body string) {
	e, err := parseHint(body)
	if err != nil {
		q.cfg.Logger.Warn("a hint of the queue", "err", err)
	} else if q.cfg.Notify != nil {
		q.cfg.Notify(e)
	}
}

// Sweep does now what the node that leads does from time to time: whatever has fallen due, then another try, the
// oldest first, for those whom a recent partner waits for.
func (q *Queue) Sweep(ctx context.Context) error {
	for {
		a, err := q.do(ctx, call{kind: sweep})
		if err != nil || !a.more {
			return err
		}
	}
}
