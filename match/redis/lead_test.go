package redis_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/matchtest"
	"passerby/match/redis"
)

// lead makes q the node that leads, by a call of nobody.
func lead(t testing.TB, q *redis.Queue) {
	t.Helper()
	if _, err := q.Renew(t.Context(), "nobody"); err != nil {
		t.Fatal(err)
	}
}

// usurped is a queue of which another node takes the lead before every call, and leaves it at once.
type usurped struct {
	*redis.Queue
	usurp func(context.Context) error
}

func (u usurped) Arrive(ctx context.Context, t match.Ticket) (match.Standing, error) {
	if err := u.usurp(ctx); err != nil {
		return match.Standing{}, err
	}
	return u.Queue.Arrive(ctx, t)
}

func (u usurped) Leave(ctx context.Context, session string, reason match.EndReason) error {
	if err := u.usurp(ctx); err != nil {
		return err
	}
	return u.Queue.Leave(ctx, session, reason)
}

func (u usurped) Renew(ctx context.Context, session string) (match.Standing, error) {
	if err := u.usurp(ctx); err != nil {
		return match.Standing{}, err
	}
	return u.Queue.Renew(ctx, session)
}

func (u usurped) Block(ctx context.Context, user, other string) error {
	if err := u.usurp(ctx); err != nil {
		return err
	}
	return u.Queue.Block(ctx, user, other)
}

// Histories on a queue that is read anew from Redis before every twentieth call: all that counts stands there.
func TestConformanceWithoutMemory(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	t.Setenv("MATCHTEST_SEED", "7")
	matchtest.Run(t, func(t testing.TB, cfg match.Config) matchtest.Subject {
		if !strings.Contains(t.Name(), "/histories/") {
			t.Skip("histories are enough, and estimates begin anew")
		}
		cfg.Sweep = time.Hour
		name := newName()
		q, err := redis.New(client, redis.Config{Config: cfg, Name: name})
		if err != nil {
			t.Fatal(err)
		}
		q.Exactly()
		run(t, q)
		calls := 0
		usurp := func(ctx context.Context) error {
			if calls++; calls%20 != 0 {
				return nil
			}
			return client.Set(ctx, "{"+name+"}:v", fmt.Sprint("another:", calls), 0).Err()
		}
		return matchtest.Subject{Queue: usurped{q, usurp}, Sweep: q.Sweep}
	})
}

// When the node that leads stops, another goes on at once; when it is cut off, as soon as it is seen to be.
func TestTheLeadMoves(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	leader := func() string { return client.Get(t.Context(), "{"+name+"}:lead").Val() }
	first, err := redis.New(client, fast(name))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- first.Run(ctx) }()
	<-first.Listening()
	arrive(t, first, "ada")
	was := leader()
	next := running(t, client, fast(name))
	stop()
	if err := <-ended; err != nil || leader() == was {
		t.Errorf("the first node has stopped (%v), and still leads", err)
	}
	if s := arrive(t, next, "ben"); s.State != match.Paired {
		t.Errorf("ada waits, and ben is %v", s.State)
	}
	if now := leader(); now == was || now == "" {
		t.Errorf("%q led, and now %q", was, now)
	}
}

// A leader that was thought dead writes nothing any more, and hears the truth.
func TestTwoLeaders(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	slow, client := newProxy(t, addr), newClient(t, addr)
	old, next := running(t, newClient(t, slow.addr()), fast(name)), running(t, client, fast(name))
	arrive(t, old, "ada", "jazz")
	slow.stall()
	late := make(chan match.Standing, 1)
	go func() { late <- arriveLate(old, "cem", "jazz") }()                   // he would meet ada, as the old leader knows it
	if err := client.Del(t.Context(), "{"+name+"}:lead").Err(); err != nil { // as if it had been silent for too long
		t.Fatal(err)
	}
	if s := arrive(t, next, "ben", "jazz"); s.State != match.Paired {
		t.Errorf("ben is %v", s.State)
	}
	slow.open()
	if s := <-late; s.State == match.Paired {
		t.Errorf("cem is %+v", s.Pair)
	}
	audit(t, client, name)
	if s, err := old.Renew(t.Context(), "ada"); err != nil || s.State != match.Paired || s.Pair.Initiator.Session != "ben" {
		t.Errorf("ada is %+v, %v", s, err)
	}
}

func arriveLate(q *redis.Queue, who string, tags ...string) match.Standing {
	s, _ := q.Arrive(context.Background(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text, Tags: tags}})
	return s
}

// Flights of another term, or overtaken by a later one, are not carried out; one that comes again is answered again.
func TestLateFlights(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	client, own := newClient(t, addr), newClient(t, addr)
	leader := running(t, client, fast(name))
	lead(t, leader)
	var sent []any
	own.AddHook(recordFirst{&sent, "publish"})
	q := running(t, own, fast(name))
	arrive(t, q, "ada")
	twin := append([]any(nil), sent...)
	if err := q.Leave(t.Context(), "ada", match.EndLeft); err != nil {
		t.Fatal(err)
	}
	again := func(what string) {
		t.Helper()
		if err := client.Do(t.Context(), twin...).Err(); err != nil {
			t.Fatal(err)
		}
		if s, err := q.Renew(t.Context(), "ada"); err != nil || s.State != match.Absent {
			t.Errorf("%s: ada has left, and is %v, %v", what, s.State, err)
		}
	}
	again("overtaken")
	if err := client.Set(t.Context(), "{"+name+"}:v", "another:1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	lead(t, leader) // in a new term, in which it has heard of nobody
	again("of another term")
}

// A pair of which one half is gone from Redis is not one: the other half is told so.
func TestHalfAPairIsLeftOut(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	q := running(t, client, fast(name))
	arrive(t, q, "ada")
	arrive(t, q, "ben")
	if err := client.HDel(t.Context(), "{"+name+"}:people", "ada").Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(t.Context(), "{"+name+"}:v", "another:1", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if s, err := q.Renew(t.Context(), "ben"); err != nil || s.State != match.Absent {
		t.Errorf("%+v, %v", s, err)
	}
	audit(t, client, name)
	if s := arrive(t, q, "ben"); s.State != match.Waiting {
		t.Errorf("ben is %v", s.State)
	}
}
