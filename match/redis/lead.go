package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"passerby/match"
	"passerby/match/internal/queue"
)

// Times of who leads. They keep nodes from fighting for the lead; right is only what the version says.
const (
	leadFor   = 2 * time.Second        // without a sign of life another node may lead
	signEvery = 500 * time.Millisecond // between signs
	silentFor = time.Minute            // a node that is silent for so long repeats no flight
)

// book is what the node that leads knows: the queue as it stands in Redis.
type book struct {
	state   *queue.State
	term    string // of this node's lead
	number  int64  // of the last commit in it
	version string // of what stands in Redis
	signed  time.Time
	tasted  time.Time         // when what was learnt was written last
	last    map[string]reply  // by node: to its last flight
	mail    map[string][]byte // by node: frames that go out with the next commit
}

type reply struct {
	number int64
	frame  []byte
	at     time.Time
}

// sign notes that the lead is renewed, and forgets nodes that are long silent.
func (b *book) sign() {
	b.signed = time.Now()
	maps.DeleteFunc(b.last, func(_ string, r reply) bool { return time.Since(r.at) > silentFor })
}

// seek learns who leads. If nobody does, this node does from now on.
func (q *Queue) seek(ctx context.Context) error {
	channels := q.channel("")
	if q.cluster {
		channels = "" // each node of a Cluster knows only its own subscribers
	}
	sent := time.Now()
	got, err := seekScript.Run(ctx, q.client, []string{q.key("lead"), q.key("v")}, q.node, rand.Text(), leadFor.Milliseconds(), channels).StringSlice()
	if err != nil {
		return err
	}
	if len(got) != 4 {
		return errWire
	}
	if err := q.sample(sent, got[2:]); err != nil {
		return err
	}
	q.leader = got[0]
	q.term, _, _ = strings.Cut(got[1], ":")
	if q.leader != q.node {
		return nil
	}
	return q.load(got[1])
}

// now is Redis's time, or that of a test, in Unix milliseconds.
func (q *Queue) now() int64 {
	if q.cfg.Now != nil {
		return q.cfg.Now().UnixMilli()
	}
	return q.clock.now().UnixMilli()
}

// sample takes in what TIME has answered.
func (q *Queue) sample(sent time.Time, answer []string) error {
	if len(answer) != 2 {
		return errWire
	}
	seconds, errS := strconv.ParseInt(answer[0], 10, 64)
	micros, errM := strconv.ParseInt(answer[1], 10, 64)
	if err := errors.Join(errS, errM); err != nil {
		return fmt.Errorf("time of Redis: %w", err)
	}
	q.clock.sample(sent, time.Unix(seconds, micros*1000))
	return nil
}

// commit does the work on the book and writes what has changed. Nobody hears of it before Redis has accepted it.
func (q *Queue) commit(w work) error {
	b, done := q.book, false
	if len(w.own)+len(w.guests) > 0 || w.sweep {
		b.state.Begin(q.now())
		done = b.state.Elapse(mostDue)
	}
	answers := make([]answer, len(w.own))
	for i, p := range w.own {
		answers[i] = b.apply(p.call, q.node, done)
	}
	replies := make(map[string]reply)
	for _, f := range w.guests {
		if f.term == b.term {
			b.host(f, replies, done)
		}
	}
	if w.sweep && done {
		b.state.Retry()
	}
	if err := q.write(w); err != nil {
		return err
	}
	for i, p := range w.own {
		p.answer <- answers[i]
	}
	for node, r := range replies {
		b.last[node] = r
	}
	if w.resign {
		q.book, q.leader = nil, ""
	}
	q.heed(nil)
	return nil
}

// host does the calls of a flight, once however often it comes.
func (b *book) host(f flight, replies map[string]reply, done bool) {
	r, known := replies[f.node]
	if !known {
		r = b.last[f.node]
	}
	if f.number < r.number {
		return
	}
	if f.number > r.number {
		answers := make([]answer, len(f.calls))
		for i, c := range f.calls {
			answers[i] = b.apply(c, f.node, done)
		}
		r = reply{f.number, appendFrame(nil, replyFrame, appendReply(nil, f.number, f.calls, answers)), time.Now()}
		replies[f.node] = r
	}
	b.mail[f.node] = append(b.mail[f.node], r.frame...)
}

// apply does one call, of a node. Done says that nothing due is left to do.
func (b *book) apply(c call, node string, done bool) (a answer) {
	switch c.kind {
	case arrive:
		a.standing, a.err = b.state.Arrive(c.ticket, node, c.number)
	case leave:
		b.state.Leave(c.session, match.EndReason(c.word))
	case confirm:
		a.err = b.state.Confirm(c.session, c.word)
	case renew:
		a.standing = b.state.Renew(c.session, node)
	case block:
		b.state.Block(c.session, c.word)
	case stats:
		a.stats = b.state.Stats()
	case sweep:
		if a.more = !done; done {
			b.state.Retry()
		}
	}
	return a
}

// write sends the changes to Redis, with the mail, if the version there is still that of the book. It takes its own
// time: reading the queue may have taken longer than a call waits, and must not have been in vain.
func (q *Queue) write(w work) error {
	b := q.book
	var words commands
	q.changes(&words, w.resign)
	after := b.version
	if len(words) > 0 {
		b.number++
		after = b.term + ":" + strconv.FormatInt(b.number, 10)
	}
	for node, frames := range b.mail {
		words.add("PUBLISH", q.channel(node), frames)
	}
	b.mail = make(map[string][]byte)
	switch {
	case w.resign:
		words.add("DEL", q.key("lead"))
	case time.Since(b.signed) > signEvery:
		words.add("SET", q.key("lead"), q.node, "PX", leadFor.Milliseconds())
		b.sign()
	}
	if len(words) == 0 && len(w.own) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), flightTimeout)
	defer cancel()
	sent := time.Now()
	got, err := commitScript.Run(ctx, q.client, []string{q.key("v")}, append([]any{b.version, after}, words...)...).StringSlice()
	if errors.Is(err, redis.Nil) {
		return errStale
	}
	if err != nil {
		return err
	}
	b.version = after
	return q.sample(sent, got)
}
