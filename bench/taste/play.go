package main

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"passerby/match"
	"passerby/match/memory"
	"passerby/match/taste"
)

var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

const tick = 250 * time.Millisecond

// policy is a way to match.
type policy struct {
	name  string
	tags  bool
	taste *taste.Config
}

var policies = []policy{
	{"first come", false, nil},
	{"tags", true, nil},
	{"smart", true, &taste.Config{}},
	{"smart, ranks people", true, &taste.Config{People: true}},
}

// event is the end of a talk or of a pause.
type event struct {
	at   time.Duration
	a, b int // b < 0: a comes back
	pair string
}

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	*e = (*e)[:last]
	return x
}

// talk is one that took place.
type talk struct {
	a, b int
	at   time.Duration
	long time.Duration
}

// play lets a crowd live for some hours: look, talk, look again, pause for ten minutes after every twentieth talk.
type play struct {
	w      world
	p      policy
	rng    *rand.Rand
	people []person
	q      *memory.Queue
	now    time.Duration
	events events
	warm   time.Duration // nothing is counted before

	talks []talk
	waits []float64
	made  []match.Pair
	seen  map[string]bool // pairs whose talk has begun
}

func newPlay(w world, p policy, people int, seed uint64, warm time.Duration) (*play, error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	g := &play{w: w, p: p, rng: rng, people: w.crowd(rng, people), warm: warm, seen: make(map[string]bool)}
	cfg := match.Config{
		Lease: 1e6 * time.Hour, Confirm: 1e6 * time.Hour, Now: func() time.Time { return epoch.Add(g.now) },
		Notify: func(e match.Event) {
			if e.Kind == match.PairMade {
				g.made = append(g.made, e.Pair)
			}
		},
	}
	if p.taste != nil {
		c := *p.taste
		c.Seed = seed
		cfg.Taste = &c
	}
	q, err := memory.New(cfg)
	g.q = q
	for i := range g.people {
		heap.Push(&g.events, event{at: time.Duration(rng.Int64N(int64(2 * time.Minute))), a: i, b: -1})
	}
	return g, err
}

func (g *play) run(ctx context.Context, end time.Duration) error {
	for next := time.Duration(0); next < end; next += tick {
		for len(g.events) > 0 && g.events[0].at < next {
			e := heap.Pop(&g.events).(event)
			g.now = max(g.now, e.at)
			if err := g.happen(ctx, e); err != nil {
				return err
			}
		}
		g.now = next
		g.q.Sweep()
		if err := g.meet(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *play) happen(ctx context.Context, e event) error {
	who := []int{e.a}
	if e.b >= 0 {
		who = append(who, e.b)
		delete(g.seen, e.pair)
		if err := g.q.Leave(ctx, strconv.Itoa(e.a), match.EndNext); err != nil { // what Arrive would do for a
			return err
		}
	}
	for _, i := range who {
		if e.b >= 0 && g.rng.IntN(20) == 0 {
			heap.Push(&g.events, event{at: g.now + 10*time.Minute, a: i, b: -1})
			continue
		}
		p := &g.people[i]
		p.found = g.now
		s, err := g.q.Arrive(ctx, match.Ticket{Session: strconv.Itoa(i), User: strconv.Itoa(i), Wish: p.wish(g.p.tags)})
		if err != nil {
			return err
		}
		if s.Pair != nil {
			g.made = append(g.made, *s.Pair)
		}
		if err := g.meet(ctx); err != nil {
			return err
		}
	}
	return nil
}

// meet begins the talks of pairs that were made.
func (g *play) meet(ctx context.Context) error {
	for ; len(g.made) > 0; g.made = g.made[1:] {
		p := g.made[0]
		a, _ := strconv.Atoi(p.Initiator.Session)
		b, _ := strconv.Atoi(p.Responder.Session)
		if g.seen[p.ID] { // both are told, when a sweep has paired them
			continue
		}
		g.seen[p.ID] = true
		for _, side := range []match.Side{p.Initiator, p.Responder} {
			if err := g.q.Confirm(ctx, side.Session, p.ID); err != nil {
				return err
			}
		}
		long := g.w.talk2(g.rng, &g.people[a], &g.people[b])
		for _, i := range [2]int{a, b} {
			if g.now >= g.warm && !g.people[i].sybil {
				wait := g.now - g.people[i].found
				g.waits = append(g.waits, wait.Seconds())
				g.people[i].online += wait + long
				g.people[i].talked += long
			}
		}
		g.talks = append(g.talks, talk{a, b, g.now, long})
		heap.Push(&g.events, event{at: g.now + long, a: a, b: b, pair: p.ID})
	}
	return nil
}
