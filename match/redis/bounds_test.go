package redis_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
)

func arrive(t testing.TB, q *redis.Queue, who string, tags ...string) match.Standing {
	t.Helper()
	s, err := q.Arrive(t.Context(), match.Ticket{Session: who, User: who, Wish: match.Wish{Mode: match.Text, Tags: tags}})
	if err != nil {
		t.Fatalf("%s: %v", who, err)
	}
	return s
}

// What all users together leave behind is bounded: the oldest block goes first.
func TestMemoryIsBounded(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	cfg := fast(newName())
	cfg.Memory = 10
	q := running(t, client, cfg)
	for i := range 11 {
		if err := q.Block(t.Context(), fmt.Sprint("a", i), fmt.Sprint("b", i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := client.ZCard(t.Context(), "{"+cfg.Name+"}:blocks").Val(); n != 10 {
		t.Errorf("%d blocks are remembered, want 10", n)
	}
	arrive(t, q, "a1")
	if s := arrive(t, q, "b1"); s.State != match.Waiting {
		t.Errorf("a1 blocked b1 as the second of ten that are remembered: %v", s.State)
	}
	for _, who := range []string{"a1", "b1"} {
		if err := q.Leave(t.Context(), who, match.EndLeft); err != nil {
			t.Fatal(err)
		}
	}
	arrive(t, q, "a0")
	if s := arrive(t, q, "b0"); s.State != match.Paired {
		t.Errorf("the oldest of eleven blocks should be forgotten: %v", s.State)
	}
}

// What users name cannot reach other keys, nor break the form in which things are kept.
func TestNamesInjectNothing(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	cfg := fast(newName())
	q := running(t, client, cfg)
	nasty := []string{"a}b{c", "x\x00y\n#z", "o:", "*", "'\"\\%[]", "{" + cfg.Name + "}:s", strings.Repeat("é", 500), "ends in :", "+:"}
	for i, n := range nasty {
		tag := fmt.Sprintf("%.20q", n)
		for _, who := range []string{n, n + "2"} {
			_, err := q.Arrive(t.Context(), match.Ticket{
				Session: who, User: who + "'s", Node: n, Key: n, Wish: match.Wish{Mode: match.Text, Tags: []string{tag, fmt.Sprint(i)}},
			})
			if err != nil {
				t.Fatalf("%q: %v", who, err)
			}
			audit(t, client, cfg.Name)
		}
		s, err := q.Renew(t.Context(), n)
		if err != nil || s.Pair == nil || s.Pair.Responder.Key != n || s.Pair.Initiator.Session != n+"2" {
			t.Errorf("%q: %+v, %v", n, s, err)
		}
		if err := q.Block(t.Context(), n+"'s", n+"2's"); err != nil {
			t.Error(err)
		}
	}
	for _, key := range client.Keys(t.Context(), "*").Val() {
		if !strings.HasPrefix(key, "{"+cfg.Name+"}:") {
			t.Errorf("a key of its own: %q", key)
		}
	}
	long := match.Ticket{Session: strings.Repeat("s", 1025), User: "u", Wish: match.Wish{Mode: match.Text}}
	if _, err := q.Arrive(t.Context(), long); err == nil {
		t.Error("a session's name of 1025 bytes was accepted")
	}
}

// When Redis loses keys one by one (it should not, but can be told to), nobody is stuck for long and no call fails.
func TestEvictedKeys(t *testing.T) {
	client := newClient(t, testenv.StartRedis(t, "--save", "").Addr)
	for _, key := range []string{"people", "v", "lead"} {
		t.Run(key, func(t *testing.T) {
			cfg := fast(newName())
			cfg.Grace, cfg.Overflow, cfg.Lease = 50*time.Millisecond, 40*time.Millisecond, 2*time.Second
			q := running(t, client, cfg)
			arrive(t, q, "ada")
			arrive(t, q, "ben")
			arrive(t, q, "cem", "jazz")
			if err := client.Del(t.Context(), "{"+cfg.Name+"}:"+key).Err(); err != nil {
				t.Fatal(err)
			}
			until(t, "two newcomers together", func() bool {
				for _, who := range []string{"ada", "ben", "cem"} { // they go on as if nothing had happened
					if s, err := q.Renew(t.Context(), who); err != nil {
						t.Fatal(err)
					} else if s.State == match.Absent {
						arrive(t, q, who)
					}
				}
				if err := q.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				s, err := q.Renew(t.Context(), "dan")
				if err == nil && s.State == match.Absent {
					s = arrive(t, q, "dan", "tea")
				}
				if err != nil {
					t.Fatal(err)
				}
				return s.State == match.Paired
			})
		})
	}
}
