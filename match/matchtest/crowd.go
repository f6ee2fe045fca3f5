package matchtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"passerby/match"
)

// crowds lets many goroutines use one queue at the same time.
func crowds(t *testing.T, factory Factory) {
	t.Run("everybody arrives at once", func(t *testing.T) { everybodyAtOnce(t, factory) })
	t.Run("lives", func(t *testing.T) { lives(t, factory) })
}

func nobody(string, string) bool { return false }

// everybodyAtOnce: of an even number who fit each other, all are in a pair at the end.
func everybodyAtOnce(t *testing.T, factory Factory) {
	w := newWorld(t, factory, match.Config{Confirm: time.Hour, Lease: time.Hour})
	var people []match.Ticket
	for i := range 400 {
		people = append(people, ticket(fmt.Sprint("p", i), tell()))
	}
	start := make(chan struct{})
	var all sync.WaitGroup
	for _, p := range people {
		all.Go(func() {
			<-start
			if _, err := w.queue.Arrive(w.ctx, p); err != nil {
				t.Errorf("%s: %v", p.Session, err)
			}
		})
	}
	close(start)
	all.Wait()
	w.audit(people, nobody)
	if st, err := w.queue.Stats(w.ctx); err != nil || st.Pairs != len(people)/2 || st.Waiting[match.Text] != 0 {
		t.Fatalf("%d people who all fit: %+v, %v", len(people), st, err)
	}
}

// lives: people arrive, confirm, press Next, leave and block, all at once,
// each with a ledger of what must be true of him or her.
func lives(t *testing.T, factory Factory) {
	w := newWorld(t, factory, match.Config{
		Grace: 200 * time.Millisecond, Overflow: 150 * time.Millisecond, Rematch: 100 * time.Millisecond, Confirm: 300 * time.Millisecond, Lease: time.Hour, RecentFor: time.Second,
	})
	seed := rand.Uint64()
	t.Logf("seed %d (the order of goroutines is not its work)", seed)
	c := &crowd{world: w, pairs: make(map[string][2]string)}
	var all sync.WaitGroup
	var people []*life
	for i := range 60 {
		people = append(people, newLife(c, i, rand.New(rand.NewPCG(seed, uint64(i)))))
	}
	for _, p := range people {
		all.Go(func() {
			for range 200 {
				w.pass(time.Millisecond)
				p.step()
				runtime.Gosched() // mix the lives
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	c.settle(people)
}

// crowd is what all lives share.
type crowd struct {
	*world
	mu    sync.Mutex // guards pairs
	pairs map[string][2]string
}

// saw checks that a pair looks the same to everybody who ever sees it.
func (c *crowd) saw(p match.Pair) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sides := [2]string{p.Initiator.Session, p.Responder.Session}
	if was, seen := c.pairs[p.ID]; seen && was != sides {
		c.Errorf("pair %s was of %v and is of %v", p.ID, was, sides)
	}
	c.pairs[p.ID] = sides
}

// settle lets everybody wait until nothing can change, and audits.
func (c *crowd) settle(lives []*life) {
	var people []match.Ticket
	blocked := map[[2]string]bool{}
	for _, p := range lives {
		people = append(people, p.ticket)
		for other := range p.blocked {
			blocked[[2]string{p.ticket.User, other}] = true
			blocked[[2]string{other, p.ticket.User}] = true
		}
	}
	for range 20 {
		c.pass(max(c.cfg.Grace, c.cfg.Overflow, c.cfg.Rematch) / 4)
		if err := c.sub.Sweep(c.ctx); err != nil {
			c.Fatal(err)
		}
		for _, p := range lives {
			p.look()
			p.confirm()
		}
	}
	isBlocked := func(a, b string) bool { return blocked[[2]string{a, b}] }
	c.audit(people, isBlocked)
	c.quiet(people, isBlocked)
	if len(c.pairs) < 5*len(lives) {
		c.Fatalf("only %d pairs were ever made: this crowd proves nothing", len(c.pairs))
	}
}

// life is one person with a ledger.
type life struct {
	crowd   *crowd
	rng     *rand.Rand
	ticket  match.Ticket
	in      bool // arrived, and has neither left nor been told of an end
	pair    *match.Pair
	blocked map[string]bool
}

func newLife(c *crowd, i int, rng *rand.Rand) *life {
	wish := match.Wish{Mode: match.Text, Gender: match.Gender([]string{"", "f", "m"}[rng.IntN(3)])}
	if rng.IntN(3) == 0 {
		wish.Seeking = []match.Gender{match.Gender([]string{"f", "m"}[rng.IntN(2)])}
	}
	for _, tag := range []string{"jazz", "go", "tea"} {
		if rng.IntN(4) == 0 {
			wish.Tags = append(wish.Tags, tag)
		}
	}
	t := ticket(fmt.Sprint("p", i), wish)
	t.Pool, t.Region = [...]string{"", "", "minors"}[i%3], [...]string{"", "eu", "us", "us"}[i/3%4]
	return &life{crowd: c, rng: rng, ticket: t, blocked: make(map[string]bool)}
}

func (l *life) step() {
	switch n := l.rng.IntN(100); {
	case n < 35:
		l.arrive()
	case n < 60:
		l.look()
		l.confirm()
	case n < 90:
		l.look()
	case n < 93:
		if err := l.crowd.sub.Sweep(l.crowd.ctx); err != nil {
			l.crowd.Errorf("sweep: %v", err)
		}
	case n < 98:
		l.in = false
		if err := l.crowd.queue.Leave(l.crowd.ctx, l.ticket.Session, match.EndLeft); err != nil {
			l.crowd.Errorf("%s leaves: %v", l.ticket.Session, err)
		}
		l.look()
	default:
		other := fmt.Sprint("p", l.rng.IntN(60))
		if other == l.ticket.User || len(l.blocked) > 3 {
			return
		}
		if err := l.crowd.queue.Block(l.crowd.ctx, l.ticket.User, other); err != nil {
			l.crowd.Errorf("%s blocks: %v", l.ticket.Session, err)
		}
		l.blocked[other] = true
		l.look()
	}
}

func (l *life) arrive() {
	s, err := l.crowd.queue.Arrive(l.crowd.ctx, l.ticket)
	if err != nil {
		l.crowd.Errorf("%s arrives: %v", l.ticket.Session, err)
		return
	}
	l.in = true
	if s.State == match.Absent {
		l.crowd.Errorf("%s arrived and is absent", l.ticket.Session)
	}
	l.check(s)
}

func (l *life) look() {
	s, err := l.crowd.queue.Renew(l.crowd.ctx, l.ticket.Session)
	if err != nil {
		l.crowd.Errorf("%s renews: %v", l.ticket.Session, err)
		return
	}
	l.check(s)
}

func (l *life) check(s match.Standing) {
	name := l.ticket.Session
	l.pair = s.Pair
	switch {
	case s.State == match.Absent && l.in && s.Ended == nil:
		l.crowd.Errorf("%s is lost: neither waiting, nor paired, nor told", name)
	case s.State != match.Absent && !l.in:
		l.crowd.Errorf("%s left, and is %s", name, describe(s))
	case s.State == match.Absent:
		l.in = false
	case s.State == match.Paired:
		l.crowd.saw(*s.Pair)
		own, partner, ok := s.Pair.Sides(name)
		if !ok || own.User == partner.User || l.blocked[partner.User] {
			l.crowd.Errorf("%s (blocked: %v) is %s", name, l.blocked, describe(s))
		}
	}
}

func (l *life) confirm() {
	if l.pair == nil {
		return
	}
	err := l.crowd.queue.Confirm(l.crowd.ctx, l.ticket.Session, l.pair.ID)
	if err != nil && !errors.Is(err, match.ErrGone) {
		l.crowd.Errorf("%s confirms: %v", l.ticket.Session, err)
	}
}
