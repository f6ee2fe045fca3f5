package matchtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"passerby/match"
	"passerby/match/taste"
)

// Subject is a queue under test, empty.
type Subject struct {
	Queue match.Queue

	// Sweep does at once, and to its end, what Run does from time to time.
	Sweep func(ctx context.Context) error

	// Advance is nil for a queue that uses Config.Now. Otherwise it lets at
	// least d of real time pass.
	Advance func(d time.Duration)

	// Config holds the durations that are in force when they are not those
	// asked for. Only with Advance.
	Config match.Config
}

// Factory makes an empty queue with this configuration: its durations and
// bounds, its clock (Now) and its Notify. Queues of different tests share nothing.
type Factory func(t testing.TB, cfg match.Config) Subject

// Run runs the whole suite.
func Run(t *testing.T, factory Factory) {
	t.Run("stories", func(t *testing.T) { stories(t, factory) })
	t.Run("histories", func(t *testing.T) { histories(t, factory) })
	t.Run("crowds", func(t *testing.T) { crowds(t, factory) })
	t.Run("learning", func(t *testing.T) {
		learns := func(t testing.TB, cfg match.Config) Subject {
			cfg.Taste, cfg.Hold = new(taste.Config), cfg.Overflow // as short as a test makes that
			return factory(t, cfg)
		}
		for _, list := range [][]story{wishing, parting, trusting, remembering} { // what is promised whoever comes first
			for _, s := range list {
				t.Run(s.name, func(t *testing.T) { s.tell(newWorld(t, learns, s.cfg)) })
			}
		}
		crowds(t, learns)
	})
}

// patience is how long the suite waits for a hint, in real time.
const patience = 5 * time.Second

// world is a queue, its clock, and the people who come to it.
type world struct {
	testing.TB
	ctx   context.Context
	queue match.Queue
	cfg   match.Config
	sub   Subject
	clock *clock
	hints *recorder
	keep  map[string]bool // sessions that beat their heart while time passes
}

// clock is an injected clock that moves only when told.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// epoch is when worlds begin: a whole millisecond.
var epoch = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t testing.TB, factory Factory, cfg match.Config) *world {
	t.Helper()
	w := &world{TB: t, ctx: t.Context(), clock: &clock{now: epoch}, hints: newRecorder(), keep: make(map[string]bool)}
	cfg.Now, cfg.Notify = w.clock.Now, w.hints.add
	w.sub = factory(t, cfg)
	w.queue = w.sub.Queue
	w.cfg = cfg.WithDefaults()
	if w.sub.Advance != nil {
		w.cfg = w.sub.Config.WithDefaults()
	}
	return w
}

// recorder keeps the hints by session.
type recorder struct {
	mu     sync.Mutex // guards the rest
	events map[string][]match.Event
	more   chan struct{} // closed and replaced at each hint
}

func newRecorder() *recorder {
	return &recorder{events: make(map[string][]match.Event), more: make(chan struct{})}
}

func (r *recorder) add(e match.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events[e.Session] = append(r.events[e.Session], e)
	close(r.more)
	r.more = make(chan struct{})
}

// of returns a session's hints, doubles taken out, and a channel that closes with the next.
func (r *recorder) of(session string) ([]match.Event, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []match.Event
	for _, e := range r.events[session] {
		if n := len(out); n == 0 || out[n-1].Kind != e.Kind || out[n-1].Pair.ID != e.Pair.ID {
			out = append(out, e)
		}
	}
	return out, r.more
}

// await waits until a session has n hints, and returns what it has.
func (r *recorder) await(session string, n int) []match.Event {
	late := time.After(patience)
	for {
		got, more := r.of(session)
		if len(got) >= n {
			return got
		}
		select {
		case <-more:
		case <-late:
			return got
		}
	}
}

// The verbs of a story. A person's session and user have the same name unless said otherwise.

func ticket(name string, w match.Wish) match.Ticket {
	return match.Ticket{Session: name, User: name, Node: "node of " + name, Key: "key of " + name, Wish: w}
}

// tell is a wish for text chat with these tags.
func tell(tags ...string) match.Wish { return match.Wish{Mode: match.Text, Tags: tags} }

func (w *world) arrive(name string, wish match.Wish) match.Standing {
	w.Helper()
	return w.arriveAs(ticket(name, wish))
}

// arriveAs lets a millisecond pass first, so that places differ.
func (w *world) arriveAs(t match.Ticket) match.Standing {
	w.Helper()
	w.pass(time.Millisecond)
	s, err := w.queue.Arrive(w.ctx, t)
	if err != nil {
		w.Fatalf("%s arrives: %v", t.Session, err)
	}
	w.keep[t.Session] = true
	return s
}

func (w *world) leave(name string, reason match.EndReason) {
	w.Helper()
	if err := w.queue.Leave(w.ctx, name, reason); err != nil {
		w.Fatalf("%s leaves: %v", name, err)
	}
}

func (w *world) renew(name string) match.Standing {
	w.Helper()
	s, err := w.queue.Renew(w.ctx, name)
	if err != nil {
		w.Fatalf("%s renews: %v", name, err)
	}
	return s
}

func (w *world) block(user, other string) {
	w.Helper()
	if err := w.queue.Block(w.ctx, user, other); err != nil {
		w.Fatalf("%s blocks %s: %v", user, other, err)
	}
}

// confirm confirms the pair that each of these is in.
func (w *world) confirm(names ...string) {
	w.Helper()
	for _, name := range names {
		s := w.renew(name)
		if s.Pair == nil {
			w.Fatalf("%s is %v and has nothing to confirm", name, s.State)
		}
		if err := w.queue.Confirm(w.ctx, name, s.Pair.ID); err != nil {
			w.Fatalf("%s confirms: %v", name, err)
		}
	}
}

// silent makes people stop their heartbeats.
func (w *world) silent(names ...string) {
	for _, name := range names {
		delete(w.keep, name)
	}
}

// wait lets time pass while everybody who is not silent keeps beating, and sweeps.
func (w *world) wait(d time.Duration) {
	w.Helper()
	for step := min(w.cfg.Lease, w.cfg.Confirm) / 4; d > 0; d -= step {
		w.pass(min(d, step))
		if err := w.sub.Sweep(w.ctx); err != nil {
			w.Fatalf("sweep: %v", err)
		}
		for name := range w.keep {
			w.renew(name)
		}
	}
}

func (w *world) now() time.Time {
	if w.sub.Advance != nil {
		return time.Now()
	}
	return w.clock.Now()
}

func (w *world) pass(d time.Duration) {
	if w.sub.Advance != nil {
		w.sub.Advance(d)
		return
	}
	w.clock.add(d)
}

// together checks that two people are in one pair, as both see it.
func (w *world) together(a, b string) match.Pair {
	w.Helper()
	x, y := w.renew(a), w.renew(b)
	if x.State != match.Paired || y.State != match.Paired || x.Pair == nil || y.Pair == nil || x.Pair.ID != y.Pair.ID {
		w.Fatalf("%s and %s should be together: %s is %v, %s is %v", a, b, a, describe(x), b, describe(y))
	}
	own, partner, ok := x.Pair.Sides(a)
	if !ok || own.Session != a || partner.Session != b {
		w.Fatalf("the pair of %s and %s holds %s and %s", a, b, x.Pair.Initiator.Session, x.Pair.Responder.Session)
	}
	return *x.Pair
}

// waiting checks that these people wait.
func (w *world) waiting(names ...string) {
	w.Helper()
	for _, name := range names {
		if s := w.renew(name); s.State != match.Waiting {
			w.Fatalf("%s should wait, and is %s", name, describe(s))
		}
	}
}

// absent checks that somebody is neither waiting nor paired, and why ("" = for no reason of a pair).
func (w *world) absent(name string, reason match.EndReason) {
	w.Helper()
	s := w.renew(name)
	got := match.EndReason("")
	if s.Ended != nil {
		got = s.Ended.Reason
	}
	if s.State != match.Absent || got != reason {
		w.Fatalf("%s should be absent (%q), and is %s", name, reason, describe(s))
	}
}

// told checks the hints that somebody got, in order: "made" or an EndReason.
func (w *world) told(name string, want ...string) {
	w.Helper()
	var got []string
	for _, e := range w.hints.await(name, len(want)) {
		if e.Kind == match.PairMade {
			got = append(got, "made")
		} else {
			got = append(got, string(e.Reason))
		}
	}
	if !slices.Equal(got, want) {
		w.Fatalf("%s should have been told %q, and was told %q", name, want, got)
	}
}

func (w *world) gone(name, pair string) {
	w.Helper()
	if err := w.queue.Confirm(w.ctx, name, pair); !errors.Is(err, match.ErrGone) {
		w.Fatalf("%s confirms a pair that is over: got %v, want ErrGone", name, err)
	}
}

func describe(s match.Standing) string {
	switch {
	case s.Pair != nil:
		return "paired: " + s.Pair.Initiator.Session + " and " + s.Pair.Responder.Session
	case s.Ended != nil:
		return s.State.String() + " since its pair ended: " + string(s.Ended.Reason)
	}
	return s.State.String()
}

// audit checks what holds at every moment, when these are all the people there are.
func (w *world) audit(people []match.Ticket, blocked func(a, b string) bool) {
	w.Helper()
	waiting := map[match.Mode]int{}
	pairs := map[string][]string{}
	inPair := map[string]string{}
	bySession := map[string]match.Ticket{}
	for _, t := range people {
		bySession[t.Session] = t
	}
	for _, t := range people {
		s := w.renew(t.Session)
		switch s.State {
		case match.Waiting:
			waiting[t.Wish.Mode]++
		case match.Paired:
			own, partner, ok := s.Pair.Sides(t.Session)
			if !ok || own.User != t.User || own.User == partner.User {
				w.Fatalf("%s is in a pair of %+v and %+v", t.Session, own, partner)
			}
			if other, double := inPair[own.User]; double && other != s.Pair.ID {
				w.Fatalf("user %s is in two pairs", own.User)
			}
			inPair[own.User] = s.Pair.ID
			pairs[s.Pair.ID] = append(pairs[s.Pair.ID], t.Session)
			other := bySession[partner.Session]
			if !match.Compatible(t, other, w.now().Add(time.Hour), match.Patience{}) {
				w.Fatalf("%+v is paired with %+v", t, other)
			}
			if blocked(own.User, partner.User) {
				w.Fatalf("%s is paired with %s, and one of them blocked the other", own.User, partner.User)
			}
		}
	}
	for id, who := range pairs {
		if len(who) != 2 {
			w.Fatalf("pair %s: only %v says that it is in it", id, who)
		}
	}
	st, err := w.queue.Stats(w.ctx)
	if err != nil {
		w.Fatal(err)
	}
	for _, m := range match.Modes {
		if st.Waiting[m] != waiting[m] {
			w.Fatalf("%d wait in %s, Stats says %d", waiting[m], m, st.Waiting[m])
		}
	}
	if st.Pairs != len(pairs) {
		w.Fatalf("%d pairs, Stats says %d", len(pairs), st.Pairs)
	}
}

// quiet checks that no two of those who wait could be together, once all
// former partners were forgotten or have waited.
func (w *world) quiet(people []match.Ticket, blocked func(a, b string) bool) {
	w.Helper()
	var left []match.Ticket
	for _, t := range people {
		if s := w.renew(t.Session); s.State == match.Waiting {
			t.Since = s.Since
			left = append(left, t)
		}
	}
	for i, a := range left {
		for _, b := range left[i+1:] {
			if _, ok := match.Agree(a, b, w.now(), w.cfg.Patience()); ok && !blocked(a.User, b.User) {
				w.Fatalf("%+v and %+v both wait although nothing keeps them apart", a, b)
			}
		}
	}
}
