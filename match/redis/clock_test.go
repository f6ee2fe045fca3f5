package redis_test

import (
	"fmt"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
)

// Only Redis's clock counts: places of several nodes follow it, whatever a node's ticket says, and grace and
// confirmation run out by it, seen by any node's Run.
func TestRedisClock(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	client := newClient(t, addr)
	events := make(chan match.Event, 16)
	cfg := fast(name)
	cfg.Notify = func(e match.Event) { events <- e }
	all := []*redis.Queue{running(t, client, cfg), running(t, client, cfg)}
	before := client.Time(t.Context()).Val()
	langs := []string{"de", "fr", "es", "pt"}
	for i, lang := range langs {
		s, err := all[i%2].Arrive(t.Context(), match.Ticket{
			Session: lang, User: lang, Wish: match.Wish{Mode: match.Text, Language: lang, Widen: i < 2},
			Since: time.Now().Add(time.Duration(i) * time.Hour), // of a node whose clock is fast
		})
		if err != nil {
			t.Fatal(err)
		}
		const unsure = time.Second // nodes know Redis's time from its answers
		if s.Position != i+1 || s.Since.Before(before.Add(-unsure)) || s.Since.After(client.Time(t.Context()).Val().Add(unsure)) {
			t.Errorf("%s: %+v; Redis says %v", lang, s, before)
		}
	}
	want := map[string]bool{"de made": true, "fr made": true, "de lost": true, "fr lost": true} // past grace they widen; nobody confirms
	for late := time.After(10 * time.Second); len(want) > 0; {
		select {
		case e := <-events:
			what := "made"
			if e.Kind == match.PairEnded {
				what = string(e.Reason)
			}
			if key := fmt.Sprint(e.Session, " ", what); want[key] {
				delete(want, key)
			} else {
				t.Errorf("told %s", key)
			}
		case <-late:
			t.Fatalf("not told: %v", want)
		}
	}
}

// A node that was cut off from its hints gets those that come after.
func TestHintsComeAgain(t *testing.T) {
	addr, name := testenv.StartRedis(t, "--save", "").Addr, newName()
	way := newProxy(t, addr)
	events := make(chan match.Event, 64)
	cfg := fast(name)
	cfg.Notify = func(e match.Event) { events <- e }
	cut, other := running(t, newClient(t, way.addr()), cfg), running(t, newClient(t, addr), fast(name))
	way.cut()
	n := 0
	until(t, "a hint", func() bool {
		n++
		ada, ben := fmt.Sprint("ada", n), fmt.Sprint("ben", n)
		for who, q := range map[string]*redis.Queue{ada: cut, ben: other} {
			if _, err := q.Arrive(t.Context(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text, Tags: []string{fmt.Sprint(n)}}}); err != nil {
				t.Logf("%s: %v", who, err)
			}
		}
		select {
		case e := <-events:
			return e.Pair.ID != ""
		case <-time.After(200 * time.Millisecond):
			return false
		}
	})
}

func TestNewRefusesNonsense(t *testing.T) {
	client := newClient(t, "127.0.0.1:1")
	for _, cfg := range []redis.Config{{Config: match.Config{Grace: -1}}, {Name: "a}b"}, {Name: "A b"}} {
		if _, err := redis.New(client, cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

// Without Redis a call fails within its context.
func TestNoRedis(t *testing.T) {
	q, err := redis.New(newClient(t, "127.0.0.1:1"), redis.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.Renew(t.Context(), "ada"); err == nil {
		t.Error("there is no Redis, and no error")
	}
}

// Hints go to the node that spoke for a session last.
func TestHintsFollow(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	told := make(chan string, 16)
	cfg := fast(newName())
	cfg.Notify = func(match.Event) { told <- "old" }
	old := running(t, client, cfg)
	cfg.Notify = func(e match.Event) { told <- "new " + e.Session }
	next := running(t, client, cfg)
	arrive(t, old, "ada")
	if _, err := next.Renew(t.Context(), "ada"); err != nil { // she came back on another node
		t.Fatal(err)
	}
	arrive(t, old, "ben")
	select {
	case who := <-told:
		if who != "new ada" {
			t.Errorf("told: %s", who)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody was told")
	}
}

// A common tag does not carry over languages before both have widened.
func TestWideningNeedsBoth(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := fast(newName())
	cfg.Now, cfg.Sweep = func() time.Time { return now }, time.Hour
	q := running(t, client, cfg)
	come := func(who, language string) match.State {
		t.Helper()
		s, err := q.Arrive(t.Context(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text, Tags: []string{"jazz"}, Language: language, Widen: true}})
		if err != nil {
			t.Fatal(err)
		}
		return s.State
	}
	come("ada", "de")
	now = now.Add(cfg.Grace)
	if err := q.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := come("ben", "fr"); s != match.Waiting {
		t.Errorf("ben has not widened yet, and is %v", s)
	}
	now = now.Add(cfg.Grace)
	if err := q.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, err := q.Renew(t.Context(), "ben"); err != nil || s.State != match.Paired || len(s.Pair.Tags) != 1 {
		t.Errorf("both have widened: %+v, %v", s, err)
	}
}
