package matchtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"passerby/match"
)

// seedVariable names a seed to run alone, as a failure prints it.
const seedVariable = "MATCHTEST_SEED"

// histories runs random histories against the model, which must agree on
// every standing and every hint at every step.
func histories(t *testing.T, factory Factory) {
	seeds := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, rand.Uint64(), rand.Uint64(), rand.Uint64()}
	if testing.Short() {
		seeds = seeds[:4]
	}
	one := os.Getenv(seedVariable)
	if one != "" {
		seed, err := strconv.ParseUint(one, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			if one == "" {
				t.Parallel()
			}
			h := newHistory(t, factory, seed)
			if h.w.sub.Advance != nil {
				t.Skip("the queue takes no clock, and histories need exact time")
			}
			h.run(400)
		})
	}
}

// history drives a queue and the model through the same steps.
type history struct {
	w     *world
	m     *model
	rng   *rand.Rand
	seed  uint64
	names []string
	awake map[string]bool // beats its heart, and is compared at every step
	step  int
	last  string
}

func newHistory(t testing.TB, factory Factory, seed uint64) *history {
	rng := rand.New(rand.NewPCG(seed, 0))
	cfg := match.Config{
		Grace: 10007 * time.Millisecond, Overflow: 3011 * time.Millisecond, Rematch: 5003 * time.Millisecond, Lease: 14009 * time.Millisecond, Confirm: 6011 * time.Millisecond,
		RecentFor: 61001 * time.Millisecond, Recents: 1 + rng.IntN(6), // blocks have room: one that is forgotten wakes nobody
	}
	h := &history{w: newWorld(t, factory, cfg), rng: rng, seed: seed, awake: make(map[string]bool)}
	h.m = newModel(h.w.cfg, h.w.clock.Now())
	for i := range 4 + rng.IntN(9) {
		h.names = append(h.names, fmt.Sprint("p", i))
	}
	return h
}

func (h *history) fatalf(format string, args ...any) {
	h.w.Helper()
	h.w.Fatalf("seed %d (run it alone: %s=%d), step %d, %s: %s", h.seed, seedVariable, h.seed, h.step, h.last, fmt.Sprintf(format, args...))
}

func (h *history) run(steps int) {
	for h.step = range steps {
		h.pass(time.Duration(1+h.rng.IntN(10)) * time.Duration(1+h.rng.IntN(200)) * time.Millisecond)
		h.act()
		h.compare()
	}
	h.last = "the end"
	h.settle()
	h.compareHints()
}

// pass lets time go by, stopping to sweep at each moment at which something is due.
func (h *history) pass(d time.Duration) {
	h.last = fmt.Sprint("waiting ", d)
	end := h.m.now.Add(d)
	for h.m.now.Before(end) {
		to := end
		if due, ok := h.m.nextDue(); ok && due.Before(end) {
			to = due
		}
		h.m.now = to
		h.w.clock.set(to)
		h.m.sweep()
		if err := h.w.sub.Sweep(h.w.ctx); err != nil {
			h.fatalf("%v", err)
		}
		h.compare()
	}
}

// act takes one random step of one random person.
func (h *history) act() {
	name := h.names[h.rng.IntN(len(h.names))]
	p := h.m.find(name)
	paired := p != nil && p.state == match.Paired
	switch n := h.rng.IntN(100); {
	case n < 45 || p == nil && n < 70:
		h.arrive(name)
	case n < 65 && paired:
		h.confirm(name)
	case n < 75:
		h.leave(name)
	case n < 80:
		h.last = name + " falls silent"
		delete(h.awake, name)
	case n < 83:
		other := h.names[h.rng.IntN(len(h.names))]
		h.last = name + " blocks " + other
		h.m.block(name, other)
		h.w.block(name, other)
	case n < 87:
		h.last = name + " confirms a pair that never was"
		h.w.gone(name, "no such pair")
	default:
		h.last = name + " beats"
		h.awake[name] = true
	}
}

func (h *history) arrive(name string) {
	t := ticket(name, h.wish())
	if h.rng.IntN(5) == 0 {
		t.Pool = "minors"
	}
	if h.rng.IntN(3) > 0 {
		t.Region = [...]string{"eu", "us", "ap"}[h.rng.IntN(3)]
	}
	if h.rng.IntN(10) == 0 {
		t.Session += " again" // a second tab of the same user
	}
	if h.rng.IntN(8) == 0 {
		t.Since = h.m.now.Add(time.Duration(h.rng.IntN(20001)-5000) * -time.Millisecond)
	}
	h.last = fmt.Sprintf("%s arrives in pool %q and region %q with %+v since %v", t.Session, t.Pool, t.Region, t.Wish, t.Since)
	h.awake[t.Session] = true
	h.m.arrive(t)
	got, err := h.w.queue.Arrive(h.w.ctx, t)
	if err != nil {
		h.fatalf("%v", err)
	}
	h.same(t.Session, got)
}

func (h *history) wish() match.Wish {
	pick := func(list ...string) string { return list[h.rng.IntN(len(list))] }
	w := match.Wish{
		Mode: match.Mode(pick("text", "text", "text", "video")), Language: pick("", "", "en", "en", "de"),
		Gender: match.Gender(pick("", "f", "m", "m", "x")), Widen: h.rng.IntN(3) == 0,
	}
	for _, tag := range []string{"jazz", "go", "tea", "chess"} {
		if h.rng.IntN(4) == 0 {
			w.Tags = append(w.Tags, tag)
		}
	}
	for _, g := range []match.Gender{"f", "m"} {
		if h.rng.IntN(4) == 0 {
			w.Seeking = append(w.Seeking, g)
		}
	}
	return w
}

func (h *history) confirm(name string) {
	h.last = name + " confirms"
	s := h.w.renew(name)
	h.m.renew(name)
	h.same(name, s)
	h.m.confirm(name)
	if err := h.w.queue.Confirm(h.w.ctx, name, s.Pair.ID); err != nil {
		h.fatalf("%v", err)
	}
}

func (h *history) leave(name string) {
	h.last = name + " leaves"
	reason := match.EndLeft
	if h.rng.IntN(4) == 0 {
		reason = match.EndModerated
	}
	delete(h.awake, name)
	h.m.leave(name, reason)
	h.w.leave(name, reason)
}

// compare asks everybody who is awake, in a fixed order.
func (h *history) compare() {
	for _, name := range h.names {
		for _, session := range []string{name, name + " again"} {
			if h.awake[session] {
				h.m.renew(session)
				h.same(session, h.w.renew(session))
			}
		}
	}
	st, err := h.w.queue.Stats(h.w.ctx)
	if err != nil {
		h.fatalf("%v", err)
	}
	waiting, paired := map[match.Mode]int{}, 0
	for _, p := range h.m.people {
		switch p.state {
		case match.Waiting:
			waiting[p.Wish.Mode]++
		case match.Paired:
			paired++
		}
	}
	if st.Pairs*2 != paired || st.Waiting[match.Text] != waiting[match.Text] || st.Waiting[match.Video] != waiting[match.Video] {
		h.fatalf("stats are %+v, want %v waiting and %d paired", st, waiting, paired)
	}
}

// same checks a standing against the model's.
func (h *history) same(session string, got match.Standing) {
	h.w.Helper()
	p := h.m.find(session)
	if p == nil {
		p = &person{}
	}
	if got.State != p.state {
		h.fatalf("%s is %s, want %v", session, describe(got), p.state)
	}
	switch p.state {
	case match.Waiting:
		position := 1
		for _, o := range h.m.people {
			if o.state == match.Waiting && o.Wish.Mode == p.Wish.Mode && (o.Since.Before(p.Since) || o.Since.Equal(p.Since) && o.seq < p.seq) {
				position++
			}
		}
		if !got.Since.Equal(p.Since) || got.Position != position {
			h.fatalf("%s waits since %v at %d, want since %v at %d", session, got.Since, got.Position, p.Since, position)
		}
	case match.Paired:
		c := p.couple
		if c.id == "" {
			c.id = got.Pair.ID
		}
		if got.Pair.ID != c.id || got.Pair.Initiator.Session != c.sides[0].Session || got.Pair.Responder.Session != c.sides[1].Session || fmt.Sprint(got.Pair.Tags) != fmt.Sprint(c.tags) {
			h.fatalf("%s is %s over %q, want %s and %s over %q", session, describe(got), got.Pair.Tags, c.sides[0].Session, c.sides[1].Session, c.tags)
		}
	case match.Absent:
		reason := match.EndReason("")
		if got.Ended != nil {
			reason = got.Ended.Reason
		}
		if reason != p.ended {
			h.fatalf("%s is absent for %q, want %q", session, reason, p.ended)
		}
	}
}

// settle lets everybody who is there wait and confirm until nothing can
// happen any more, and audits the end.
func (h *history) settle() {
	for _, p := range h.m.people {
		h.awake[p.Session] = true
	}
	h.compare()
	for end := h.m.now.Add(h.w.cfg.Grace + h.w.cfg.Rematch + h.w.cfg.RecentFor); h.m.now.Before(end); {
		h.pass(time.Second)
		for _, p := range h.m.people {
			if p.state == match.Paired {
				h.confirm(p.Session)
			}
		}
	}
	var people []match.Ticket
	for _, p := range h.m.people {
		people = append(people, p.Ticket)
	}
	blocked := func(a, b string) bool {
		return h.m.apart(h.m.blocks, &person{Ticket: match.Ticket{User: a}}, &person{Ticket: match.Ticket{User: b}})
	}
	h.last = "the audit at the end"
	h.w.audit(people, blocked)
	h.w.quiet(people, blocked)
}

// compareHints checks that everybody was told everything, in order.
func (h *history) compareHints() {
	for session, want := range h.m.hints {
		var got []hint
		for _, e := range h.w.hints.await(session, len(want)) {
			_, partner, ok := e.Pair.Sides(session)
			if !ok {
				h.fatalf("%s was told of a pair of others", session)
			}
			got = append(got, hint{e.Kind, partner.Session, e.Reason})
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			h.fatalf("%s was told\n%v, want\n%v", session, got, want)
		}
	}
	if len(h.m.hints) == 0 {
		h.fatalf("%v", errors.New("nobody was ever told anything: this history proves nothing"))
	}
}
