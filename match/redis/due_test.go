package redis_test

import (
	"fmt"
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match"
	"passerby/match/redis"
)

// Leases that end in the same millisecond end for all, in whatever order they were queued, also when they are more
// than one run handles.
func TestManyLeasesEndAtOnce(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	now := time.UnixMilli(time.Now().UnixMilli())
	q := running(t, client, redis.Config{
		Config: match.Config{Now: func() time.Time { return now }, Sweep: time.Hour, Grace: time.Hour, Lease: 15 * time.Second}, Name: name,
	})
	come := func(who string, waited time.Duration) {
		t.Helper()
		_, err := q.Arrive(t.Context(), match.Ticket{
			Session: who, User: who, Wish: match.Wish{Mode: match.Text, Tags: []string{who}}, Since: now.Add(-waited),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 { // these are renewed, and so their leases are kept in two places
		who := fmt.Sprint("r", i)
		come(who, time.Minute)
		if _, err := q.Renew(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 30 {
		come(fmt.Sprint("s", i), time.Duration(i)*time.Second)
	}
	now = now.Add(15 * time.Second)
	for range 2 { // each handles a part
		if _, err := q.Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	audit(t, client, name)
	if left := client.HLen(t.Context(), "{"+name+"}:s").Val(); left != 0 {
		t.Errorf("%d of 40 are there for ever", left)
	}
	if queued := client.LLen(t.Context(), "{"+name+"}:dl").Val(); queued != 0 {
		t.Errorf("%d leases are queued", queued)
	}
}

// Who is in the lists without a record is taken out of all of them by the first who comes upon him.
func TestWhoHasNoRecordIsForgotten(t *testing.T) {
	client, name := newClient(t, testenv.StartRedis(t, "--save", "").Addr), newName()
	cfg := fast(name)
	cfg.Sweep = time.Hour
	q := running(t, client, cfg)
	for _, who := range []struct {
		name         string
		own, seeking match.Gender
	}{{"ann", match.Female, match.Male}, {"ben", match.Male, match.Female}} {
		wish := match.Wish{Mode: match.Text, Gender: who.own, Seeking: []match.Gender{who.seeking}}
		if _, err := q.Arrive(t.Context(), match.Ticket{Session: who.name, User: who.name, Wish: wish}); err != nil {
			t.Fatal(err)
		}
		if who.name == "ann" {
			for _, key := range []string{"s", "u"} {
				if err := client.HDel(t.Context(), "{"+name+"}:"+key, "ann").Err(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	audit(t, client, name)
	if s, err := q.Stats(t.Context()); err != nil || s.Waiting[match.Text] != 1 {
		t.Errorf("%+v, %v", s, err)
	}
}
