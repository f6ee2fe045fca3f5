package redis_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
	"passerby/match/taste"
)

// What one node has learnt the next one that leads knows; a page that is none harms nothing.
func TestTasteOutlivesTheLeader(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	cfg := redis.Config{Config: match.Config{Taste: new(taste.Config), Now: func() time.Time { return now }, Sweep: time.Hour}, Name: newName()}
	lead := func(use func(q *redis.Queue)) (learnt []byte) {
		t.Helper()
		q, err := redis.New(client, cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- q.Run(ctx) }()
		<-q.Listening()
		if err := q.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		use(q)
		learnt = q.Learnt()
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		return learnt
	}
	var empty []byte
	learnt := lead(func(q *redis.Queue) {
		empty = q.Learnt()
		arrive(t, q, "ada")
		s := arrive(t, q, "ben")
		for _, who := range []string{"ada", "ben"} {
			if err := q.Confirm(t.Context(), who, s.Pair.ID); err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(2 * time.Minute)
		for _, who := range []string{"ada", "ben"} { // nobody is silent
			if _, err := q.Renew(t.Context(), who); err != nil {
				t.Fatal(err)
			}
		}
		if err := q.Leave(t.Context(), "ada", match.EndLeft); err != nil {
			t.Fatal(err)
		}
	})
	if bytes.Equal(learnt, empty) {
		t.Fatal("nothing was learnt")
	}
	if err := client.HSet(t.Context(), "{"+cfg.Name+"}:taste", "7", "nonsense", "no number", "x").Err(); err != nil {
		t.Fatal(err)
	}
	if again := lead(func(*redis.Queue) {}); !bytes.Equal(learnt, again) {
		t.Error("the next node that leads knows something else")
	}
}
