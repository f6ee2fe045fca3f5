package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"passerby/internal/store"
)

func event(topic, kind string) store.Event {
	return store.Event{ID: topic + "." + kind, Kind: kind, Topic: topic, At: now, Body: []byte(`{"a":1}`)}
}

func ids(events []store.Event) (all []string) {
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

// outbox: events come once, in the order of their topic, and again when nobody says what became of them.
func outbox(t *testing.T, db Database) {
	ctx, s, sink := t.Context(), db.Store, id()
	a, b := id(), id()
	ok(t, s.Announce(ctx, []string{sink, id()}, []store.Event{event(a, "started"), event(b, "started"), event(a, "ended")}))
	ok(t, s.Announce(ctx, []string{sink}, []store.Event{event(a, "started")})) // the other side's node says it too
	lease := now.Add(time.Minute)
	claim := func(at time.Time) []store.Event {
		t.Helper()
		return must(s.ClaimEvents(ctx, sink, at, at.Add(time.Minute), 10))(t)
	}
	first := claim(now)
	equal(t, ids(first), []string{a + ".started", b + ".started"})
	want := event(a, "started")
	want.Seq, want.Tries = first[0].Seq, 1
	equal(t, first[0], want)
	equal(t, ids(claim(now)), nil)                                     // they are taken
	equal(t, ids(claim(lease)), []string{first[0].ID, b + ".started"}) // whoever had them is dead

	ok(t, s.SettleEvents(ctx, []store.Fate{{Seq: first[0].Seq, Settled: now}, {Seq: first[1].Seq, Again: now.Add(time.Hour)}}))
	equal(t, ids(claim(now)), []string{a + ".ended"})
	equal(t, must(s.EventBacklog(ctx, sink))(t), store.Backlog{Waiting: 2, Oldest: now})
	again := claim(now.Add(time.Hour))
	equal(t, ids(again), []string{b + ".started", a + ".ended"})
	equal(t, again[0].Tries, 3)
	ok(t, s.SettleEvents(ctx, []store.Fate{{Seq: again[0].Seq, Settled: now, GivenUp: true}, {Seq: again[1].Seq, Settled: now}}))
	equal(t, must(s.EventBacklog(ctx, sink))(t), store.Backlog{})
	equal(t, ids(claim(now.Add(24*time.Hour))), nil)

	boom := fmt.Errorf("boom")
	wantErr(t, s.Within(ctx, func(tx store.Store) error {
		ok(t, tx.Announce(ctx, []string{sink}, []store.Event{event(id(), "started")}))
		return boom
	}), boom)
	equal(t, must(s.EventBacklog(ctx, sink))(t), store.Backlog{})

	// What was delivered goes early; what was given up, and what nobody wants any more, by its age.
	early := now.Add(-100 * time.Hour)
	must(s.PurgeEvents(ctx, now, early, 10_000))(t)
	ok(t, s.Announce(ctx, []string{sink}, []store.Event{event(a, "started"), event(b, "started")}))
	equal(t, ids(claim(now)), []string{a + ".started"}) // forgotten, so new; the given up one is still known
	must(s.PurgeEvents(ctx, early, now, 10_000))(t)
	equal(t, must(s.EventBacklog(ctx, sink))(t), store.Backlog{})
}

// manyRelays claim at once: no event is had by two, none is lost, and each topic keeps its order.
func manyRelays(t *testing.T, db Database) {
	ctx, s, sink := t.Context(), db.Store, id()
	const topics, each, relays = 20, 5, 4
	var all []store.Event
	for n := range each {
		for topic := range topics {
			all = append(all, event(fmt.Sprint(sink, topic), fmt.Sprint(n)))
		}
	}
	ok(t, s.Announce(ctx, []string{sink}, all))
	var mu sync.Mutex // guards had
	had := map[string][]string{}
	var wg sync.WaitGroup
	for range relays {
		wg.Go(func() {
			for ctx, cancel := context.WithTimeout(ctx, time.Minute); ; {
				events, err := s.ClaimEvents(ctx, sink, now, now.Add(time.Minute), 7)
				if err != nil {
					t.Error(err)
				}
				var fates []store.Fate
				mu.Lock()
				for _, e := range events {
					had[e.Topic] = append(had[e.Topic], e.Kind)
					fates = append(fates, store.Fate{Seq: e.Seq, Settled: now})
				}
				mu.Unlock()
				if err := s.SettleEvents(ctx, fates); err != nil {
					t.Error(err)
				}
				left, err := s.EventBacklog(ctx, sink)
				if err != nil || left.Waiting == 0 {
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	if len(had) != topics {
		t.Errorf("%d topics, want %d", len(had), topics)
	}
	for topic, kinds := range had {
		if !slices.Equal(kinds, []string{"0", "1", "2", "3", "4"}) {
			t.Errorf("%s: %v", topic, kinds)
		}
	}
}
