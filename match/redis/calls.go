package redis

import (
	"context"
	"errors"
	"time"

	"passerby/match"
)

// Bounds of what goes together.
const (
	mostOwn    = 128  // calls of this node
	mostGuests = 512  // calls of other nodes, at least one flight
	mostDue    = 512  // things that have fallen due
	mostQueued = 1024 // flights of other nodes that wait
)

const (
	flightTimeout = 4 * time.Second        // for calls on their way, whoever leads meanwhile
	again         = 250 * time.Millisecond // without a reply a flight is sent once more
	breath        = 5 * time.Millisecond   // between two tries
)

// pending is a call that somebody waits for.
type pending struct {
	call
	ctx    context.Context
	answer chan answer // buffered: nobody may be waiting any more
}

// work is what goes together.
type work struct {
	own    []*pending
	guests []flight
	chores
}

// chores are what Run wants done.
type chores struct {
	look   bool // that somebody leads, and goes on leading
	sweep  bool // if this node leads
	resign bool
}

// do runs one call. One batch is under way at a time; calls that come meanwhile go together in the next. So a
// quiet queue answers after one round trip, and a busy one shares the price of it among many.
func (q *Queue) do(ctx context.Context, c call) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, err
	}
	if max(len(c.session), len(c.word)) > maxName {
		return answer{}, match.ErrTicket
	}
	p := &pending{call: c, ctx: ctx, answer: make(chan answer, 1)}
	q.put(func(w *work) { w.own = append(w.own, p) })
	select {
	case a := <-p.answer:
		return a, a.err
	case <-ctx.Done():
		return answer{}, ctx.Err()
	}
}

// put adds to the work, and sees that somebody does it.
func (q *Queue) put(add func(*work)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	add(&q.work)
	if !q.flying {
		q.flying = true
		go q.fly()
	}
}

// resting answers a channel that is closed once nobody flies.
func (q *Queue) resting() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	rest := make(chan struct{})
	if q.flying {
		q.rest = rest
	} else {
		close(rest)
	}
	return rest
}

// fly does the work until none is left.
func (q *Queue) fly() {
	for {
		w, any := q.next()
		if !any {
			return
		}
		q.serve(w)
	}
}

// next takes what goes together; when there is nothing, nobody flies any more.
func (q *Queue) next() (w work, any bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.work.own), mostOwn)
	for _, p := range q.work.own[:n] {
		if p.ctx.Err() == nil { // somebody still waits for it
			w.own = append(w.own, p)
		}
	}
	q.work.own = q.work.own[n:]
	for calls := 0; len(q.work.guests) > 0 && calls < mostGuests; {
		calls += len(q.work.guests[0].calls)
		w.guests = append(w.guests, q.work.guests[0])
		q.work.guests = q.work.guests[1:]
	}
	w.chores, q.work.chores = q.work.chores, chores{}
	q.flying = n+len(w.guests) > 0 || w.chores != chores{}
	if !q.flying && q.rest != nil {
		close(q.rest)
		q.rest = nil
	}
	if !q.flying {
		q.work = work{}
	}
	return w, q.flying
}

var (
	errStale  = errors.New("another node leads, or Redis has lost writes")
	errSilent = errors.New("the node that leads does not answer")
)

// serve does the work by itself if this node leads, or else takes it to the node that does. A call that has
// reached Redis without an answer is not tried again: whoever called asks Renew what is true.
func (q *Queue) serve(w work) {
	ctx, cancel := context.WithTimeout(context.Background(), flightTimeout)
	defer cancel()
	q.number++
	for {
		err := q.attempt(ctx, w)
		if err == nil {
			return
		}
		q.book, q.leader = nil, ""
		if !errors.Is(err, errStale) && !errors.Is(err, errSilent) || ctx.Err() != nil {
			for _, p := range w.own {
				p.answer <- answer{err: err}
			}
			q.heed(err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(breath):
		}
	}
}

func (q *Queue) attempt(ctx context.Context, w work) error {
	if q.book == nil && (q.leader == "" && len(w.own) > 0 || w.look && !w.resign) {
		if err := q.seek(ctx); err != nil {
			return err
		}
	}
	switch {
	case q.book != nil:
		return q.commit(w)
	case len(w.own) > 0:
		return q.forward(ctx, w.own)
	}
	return nil
}

// heed logs when the work begins to fail, and when it goes well again.
func (q *Queue) heed(err error) {
	if failed := err != nil; failed != q.failing {
		q.failing = failed
		if failed {
			q.cfg.Logger.Warn("the queue in Redis cannot be reached", "err", err)
		} else {
			q.cfg.Logger.Info("the queue in Redis is reached again")
		}
	}
}

// forward sends calls to the node that leads, and waits for its reply.
func (q *Queue) forward(ctx context.Context, calls []*pending) error {
	replies := q.await(q.number)
	message := appendFrame(nil, flightFrame, appendFlight(nil, q.term, q.node, q.number, calls))
	heard, err := q.client.Publish(ctx, q.channel(q.leader), message).Result()
	if err != nil {
		return err
	}
	if heard == 0 && !q.cluster {
		return errSilent
	}
	timeout := time.NewTimer(again)
	defer timeout.Stop()
	select {
	case reply := <-replies:
		answers, err := parseReply(reply, calls)
		if err != nil {
			return err
		}
		for i, p := range calls {
			p.answer <- answers[i]
		}
		q.heed(nil)
		return nil
	case <-timeout.C:
		return errSilent
	case <-ctx.Done():
		return ctx.Err()
	}
}

// await registers for the reply to a flight.
func (q *Queue) await(number int64) <-chan string {
	q.mu.Lock()
	defer q.mu.Unlock()
	reply := make(chan string, 1)
	q.awaited, q.reply = number, reply
	return reply
}
