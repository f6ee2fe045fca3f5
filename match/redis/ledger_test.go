package redis_test

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"passerby/match"
	"passerby/match/redis"
)

//go:embed testdata/audit.lua
var auditSource string

// audit checks an atomic picture of a queue's keys.
func audit(t testing.TB, client goredis.UniversalClient, name string) {
	t.Helper()
	root := "{" + name + "}:"
	faults, err := client.Eval(context.Background(), auditSource, []string{root}, root).StringSlice()
	if err != nil {
		t.Fatalf("audit: %v", err)
	}
	if len(faults) > 0 {
		t.Fatalf("%d things are wrong:\n%s", len(faults), strings.Join(faults[:min(len(faults), 20)], "\n"))
	}
}

// ledger knows of each person what must be true, and of each pair whose it is.
type ledger struct {
	t     testing.TB
	lossy bool // Redis may have lost writes: who was in may be absent without a word

	mu    sync.Mutex // guards the rest
	in    map[string]bool
	pairs map[string][2]string
	calls int
	lost  int // absent without a word, in lossy times
}

func newLedger(t testing.TB) *ledger {
	return &ledger{t: t, in: make(map[string]bool), pairs: make(map[string][2]string)}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// more waits until so many calls have been made from now on.
func (l *ledger) more(calls int) {
	l.t.Helper()
	from := l.count()
	until(l.t, "calls", func() bool { return l.count() > from+calls })
}

// begin notes that a call of somebody is under way.
func (l *ledger) begin(who, call string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if call == "leave" {
		l.in[who] = false // in or out, until a call tells
	}
}

// saw notes what a call has answered.
func (l *ledger) saw(who string, s match.Standing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.State == match.Absent && s.Ended == nil && l.in[who] {
		if l.lost++; !l.lossy {
			l.t.Errorf("%s was in the queue, never left, and is absent without a word", who)
		}
	}
	l.in[who] = s.State != match.Absent
	if s.Pair == nil {
		return
	}
	sides := [2]string{s.Pair.Initiator.Session, s.Pair.Responder.Session}
	if was, known := l.pairs[s.Pair.ID]; known && was != sides {
		l.t.Errorf("pair %s was of %v and is of %v", s.Pair.ID, was, sides)
	}
	l.pairs[s.Pair.ID] = sides
	if own, partner, ok := s.Pair.Sides(who); !ok || own.User == partner.User {
		l.t.Errorf("%s is in the pair of %v", who, sides)
	}
}

// notebook is where a life writes down what it does.
type notebook interface {
	begin(who, call string)
	saw(who string, s match.Standing)
}

// live does what people do until ctx ends: arrive, press Next, confirm, leave, each call with this much time. After
// a call that failed it asks Renew what is true, as match.Queue wants.
func live(ctx context.Context, q match.Queue, who string, rng *rand.Rand, patience time.Duration, book notebook) {
	wish := match.Wish{Mode: match.Text, Gender: match.Gender([]string{"", "f", "m"}[rng.IntN(3)]), Language: []string{"", "", "en", "de"}[rng.IntN(4)], Widen: rng.IntN(2) == 0}
	if rng.IntN(3) == 0 {
		wish.Seeking = []match.Gender{match.Gender([]string{"f", "m"}[rng.IntN(2)])}
	}
	for _, tag := range []string{"jazz", "go", "tea"} {
		if rng.IntN(3) == 0 {
			wish.Tags = append(wish.Tags, tag)
		}
	}
	do := func(call string, f func(context.Context) (match.Standing, error)) (match.Standing, bool) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		book.begin(who, call)
		s, err := f(ctx)
		if err != nil {
			return s, false
		}
		if call != "leave" && call != "confirm" {
			book.saw(who, s)
		}
		return s, true
	}
	renew := func() (match.Standing, bool) {
		return do("renew", func(ctx context.Context) (match.Standing, error) { return q.Renew(ctx, who) })
	}
	sure := true
	for ctx.Err() == nil {
		if !sure {
			if _, sure = renew(); !sure {
				select { // Redis is away: do not spin
				case <-ctx.Done():
				case <-time.After(5 * time.Millisecond):
				}
			}
			continue
		}
		switch n := rng.IntN(100); {
		case n < 40:
			_, sure = do("arrive", func(ctx context.Context) (match.Standing, error) {
				return q.Arrive(ctx, match.Ticket{Session: who, User: "user of " + who, Node: "n", Key: "key of " + who, Wish: wish})
			})
		case n < 90:
			var s match.Standing
			if s, sure = renew(); sure && s.Pair != nil && n < 70 {
				_, sure = do("confirm", func(ctx context.Context) (match.Standing, error) {
					err := q.Confirm(ctx, who, s.Pair.ID)
					if errors.Is(err, match.ErrGone) {
						err = nil
					}
					return match.Standing{}, err
				})
			}
		default:
			_, sure = do("leave", func(ctx context.Context) (match.Standing, error) {
				return match.Standing{}, q.Leave(ctx, who, match.EndLeft)
			})
		}
	}
}

// fast is the configuration of the fault tests: on Redis's clock, and soon due.
func fast(name string) redis.Config {
	return redis.Config{Name: name, Config: match.Config{
		Grace: 200 * time.Millisecond, Overflow: 150 * time.Millisecond, Rematch: 100 * time.Millisecond, Confirm: 500 * time.Millisecond, Lease: 20 * time.Second, Sweep: 20 * time.Millisecond, RecentFor: 300 * time.Millisecond,
	}}
}

// crowd lets people live on nodes, in turn, until stop is called.
func crowd(t testing.TB, nodes []*redis.Queue, people int, patience time.Duration, book notebook) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	seed := rand.Uint64()
	t.Logf("seed %d (the order of goroutines is not its work)", seed)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			live(ctx, nodes[i%len(nodes)], fmt.Sprint("p", i), rand.New(rand.NewPCG(seed, uint64(i))), patience, book)
		})
	}
	stop = func() {
		cancel()
		all.Wait()
	}
	t.Cleanup(stop)
	return stop
}

// settle lets everybody who is in confirm until all are at rest, and checks that nobody was forgotten: all leave,
// and nothing of them is left.
func settle(t testing.TB, q *redis.Queue, client goredis.UniversalClient, name string, people int, l *ledger) {
	t.Helper()
	ctx := t.Context()
	for range 5 {
		for i := range people {
			who := fmt.Sprint("p", i)
			s, err := q.Renew(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			l.saw(who, s)
			if s.Pair != nil {
				if err := q.Confirm(ctx, who, s.Pair.ID); err != nil && !errors.Is(err, match.ErrGone) {
					t.Fatal(err)
				}
			}
		}
		if err := q.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		audit(t, client, name)
	}
	for i := range people {
		if err := q.Leave(ctx, fmt.Sprint("p", i), match.EndLeft); err != nil {
			t.Fatal(err)
		}
	}
	for i := range people { // those who were told of an end by another's leaving
		if err := q.Leave(ctx, fmt.Sprint("p", i), match.EndLeft); err != nil {
			t.Fatal(err)
		}
	}
	audit(t, client, name)
	if left, err := client.HKeys(ctx, "{"+name+"}:people").Result(); err != nil || len(left) != 0 {
		t.Errorf("all have left, and these are there: %v (%v)", left, err)
	}
	if len(l.pairs) < people {
		t.Errorf("only %d pairs of %d people in %d calls: this proves little", len(l.pairs), people, l.calls)
	}
	t.Logf("%d calls, %d pairs, %d lost by Redis", l.calls, len(l.pairs), l.lost)
}
