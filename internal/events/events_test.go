package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"passerby/internal/events"
	"passerby/internal/store"
	"passerby/internal/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, wants events.Wants) (db, told store.Store) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "db"), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db, events.NewAnnouncer(db, wants)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// sink is one under the test's command: says answers each try.
type sink struct {
	says func(e store.Event) error

	mu  sync.Mutex // guards got
	got []store.Event
}

func (s *sink) Deliver(_ context.Context, all []store.Event) []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	became := make([]error, len(all))
	for i, e := range all {
		s.got = append(s.got, e)
		became[i] = s.says(e)
	}
	return became
}

func (s *sink) Close() error { return nil }

func (s *sink) kinds() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.got {
		all = append(all, e.Topic+" "+e.Kind)
	}
	return all
}

// relay runs until stop.
func relay(t *testing.T, db store.Store, s events.Sink, reg prometheus.Registerer, waits ...time.Duration) (stop func()) {
	t.Helper()
	r := events.NewRelay(events.Config{
		Name: "sink", Sink: s, Outbox: db, Batch: 10, Waits: waits, Logger: slog.New(slog.DiscardHandler), Metrics: events.NewMetrics(reg), Every: time.Millisecond,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, late := time.NewTicker(2*time.Millisecond), time.After(20*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not in 20 s: %s", what)
		}
	}
}

func drained(t *testing.T, db store.Store) func() bool {
	return func() bool { return must(db.EventBacklog(t.Context(), "sink"))(t).Waiting == 0 }
}

var at = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func match(id string) store.Chat {
	return store.Chat{ID: id, Mode: "text", Started: at, Users: [2]string{"ada", "bob"}, Sessions: [2]string{"a", "b"}, Tags: []string{"SECRET"}}
}

func over(c store.Chat) store.Chat {
	c.Ended, c.Reason = at.Add(90*time.Second), "next"
	return c
}

// A try that fails holds back what follows of its own match, and nothing else.
func TestOrderWithinAMatch(t *testing.T) {
	db, told := open(t, events.Wants{"sink": {"match"}})
	failed := false
	s := &sink{says: func(e store.Event) error {
		if e.ID == "m1.started" && !failed {
			failed = true
			return errors.New("not now")
		}
		return nil
	}}
	for _, c := range []store.Chat{match("m1"), match("m2"), over(match("m1")), over(match("m2")), over(match("m1"))} {
		if err := told.SaveChats(t.Context(), []store.Chat{c}); err != nil {
			t.Fatal(err)
		}
	}
	reg := prometheus.NewRegistry()
	relay(t, db, s, reg, 50*time.Millisecond)
	until(t, "all told", drained(t, db))
	got := s.kinds()
	if slices.Index(got, "m2 match.ended") > slices.Index(got, "m1 match.ended") || len(got) != 5 {
		t.Errorf("told %q", got)
	}
	if diff := testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP passerby_events_total Events for outside systems, by sink and what became of them.
# TYPE passerby_events_total counter
passerby_events_total{outcome="delivered",sink="sink"} 4
passerby_events_total{outcome="failed_try",sink="sink"} 1
passerby_events_total{outcome="given_up",sink="sink"} 0
`), "passerby_events_total"); diff != nil {
		t.Error(diff)
	}
}

func TestGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
	}{"after the last wait": {errors.New("no"), 3}, "at once": {fmt.Errorf("%w: gone", events.ErrRefused), 1}} {
		t.Run(name, func(t *testing.T) {
			db, told := open(t, events.Wants{"sink": {"match"}})
			s := &sink{says: func(store.Event) error { return c.err }}
			if err := told.SaveChats(t.Context(), []store.Chat{match("m")}); err != nil {
				t.Fatal(err)
			}
			relay(t, db, s, prometheus.NewRegistry(), time.Millisecond, time.Millisecond)
			until(t, "given up", drained(t, db))
			if n := len(s.kinds()); n != c.tries {
				t.Errorf("%d tries, want %d", n, c.tries)
			}
		})
	}
}

// dying never says what became of an event: its process is killed.
type dying struct{ got chan store.Event }

func (d dying) Deliver(ctx context.Context, all []store.Event) []error {
	d.got <- all[0]
	<-ctx.Done()
	return events.Fail(len(all), "killed")
}
func (dying) Close() error { return nil }

func TestWhoStopsLeavesItToTheNext(t *testing.T) {
	db, told := open(t, events.Wants{"sink": {"match"}})
	if err := told.SaveChats(t.Context(), []store.Chat{match("m")}); err != nil {
		t.Fatal(err)
	}
	first := dying{make(chan store.Event, 1)}
	stop := relay(t, db, first, prometheus.NewRegistry())
	e := <-first.got
	stop()
	s := &sink{says: func(store.Event) error { return nil }}
	relay(t, db, s, prometheus.NewRegistry())
	until(t, "told again", drained(t, db))
	if s.got[0].ID != e.ID || string(s.got[0].Body) != string(e.Body) {
		t.Errorf("told %s, then %s", e.Body, s.got[0].Body)
	}
}

// What is told of each record; a transaction that fails tells nothing; a sink gets the families that it wants.
func TestAnnouncer(t *testing.T) {
	ctx := t.Context()
	db, told := open(t, events.Wants{"sink": {"match", "report", "ban", "appeal"}, "bans": {"ban"}})
	until := at.Add(time.Hour)
	late := over(match("m3")) // its beginning was lost with a node
	if err := told.SaveChats(ctx, []store.Chat{match("m"), over(match("m")), late, late}); err != nil {
		t.Fatal(err)
	}
	r := must(told.SaveReport(ctx, store.Report{
		ID: "r", At: at, Match: "m", Reporter: "SECRET", Reported: "bob", Reason: "threat", Comment: "SECRET", Severity: 5, Weight: .5,
		Evidence: []store.Evidence{{Kind: "message", Body: []byte("SECRET")}},
	}))(t)
	if err := told.DecideReport(ctx, r.ID, store.Decision{Status: store.ReportActed, By: "SECRET", Decision: "ban", Note: "SECRET", At: at}); err != nil {
		t.Fatal(err)
	}
	b := must(told.SaveBan(ctx, store.Ban{ID: "b", User: "bob", Network: "SECRET", CIDR: "SECRET", Reason: "threat", Message: "SECRET", Report: "r", By: "ann", At: at, Until: until}))(t)
	a := must(told.SaveAppeal(ctx, store.Appeal{ID: "a", Ban: b.ID, User: "bob", At: at, Text: "SECRET"}))(t)
	must(told.DecideAppeal(ctx, a.ID, store.AppealDecision{Accept: true, Lift: true, By: "SECRET", Answer: "SECRET", At: at}))(t)
	if err := told.LiftBan(ctx, b.ID, at); err != nil { // twice
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if err := told.Within(ctx, func(tx store.Store) error {
		must(tx.SaveBan(ctx, store.Ban{User: "eve", At: at}))(t)
		return boom
	}); !errors.Is(err, boom) {
		t.Fatal(err)
	}

	got := map[string]string{}
	var order []string
	for {
		some := must(db.ClaimEvents(ctx, "sink", at, at.Add(time.Hour), 100))(t)
		if len(some) == 0 {
			break
		}
		for _, e := range some {
			var w struct{ ID, Type string }
			if err := json.Unmarshal(e.Body, &w); err != nil || w.ID != e.ID || w.Type != e.Kind {
				t.Errorf("%s: %v", e.Body, err)
			}
			got[e.ID] = string(e.Body)
			order = append(order, e.ID)
			if err := db.SettleEvents(ctx, []store.Fate{{Seq: e.Seq, Settled: at}}); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(e.Body), "SECRET") {
				t.Errorf("it tells too much: %s", e.Body)
			}
		}
	}
	want := []string{"a.decided", "a.made", "b.lifted", "b.made", "m.ended", "m.started", "m3.ended", "m3.started", "r.decided.1796040000000", "r.made"}
	if names := slices.Sorted(slices.Values(order)); !slices.Equal(names, want) {
		t.Errorf("told %q, want %q", names, want)
	}
	const ended = `{"id":"m.ended","type":"match.ended","timestamp":"2026-11-30T12:01:30Z","data":{"match":"m","mode":"text","users":["ada","bob"],` +
		`"started":"2026-11-30T12:00:00Z","ended":"2026-11-30T12:01:30Z","seconds":90,"reason":"next"}}`
	if got["m.ended"] != ended {
		t.Errorf("told %s", got["m.ended"])
	}
	if n := must(db.EventBacklog(ctx, "bans"))(t).Waiting; n != 2 {
		t.Errorf("%d events of bans, want 2", n)
	}
}
