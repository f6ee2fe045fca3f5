package cluster_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"passerby/internal/cluster"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSessions(t *testing.T) { sessions(t, testenv.Redis(t)) }

func TestOnACluster(t *testing.T) {
	url, _ := testenv.RedisCluster(t)
	sessions(t, url)
	members(t, url)
}

func TestOnSentinel(t *testing.T) {
	url := testenv.Sentinel(t).URL()
	sessions(t, url)
	members(t, url)
}

func sessions(t *testing.T, url string) {
	client, ctx, ttl := testenv.OpenRedis(t, url), t.Context(), time.Minute
	a, b := cluster.NewSessions(client, "a"), cluster.NewSessions(client, "b")
	if _, err := a.Take(ctx, "s", "ann", "", false, ttl); !errors.Is(err, cluster.ErrNone) {
		t.Fatalf("nobody saved it: %v", err)
	}
	first := cluster.Record{User: "ann", Epoch: 1, Digests: [2]string{"d2", "d1"}, State: []byte("\x00state\xff")}
	if err := a.Save(ctx, "s", first, ttl); err != nil {
		t.Fatal(err)
	}
	if node, err := b.Where(ctx, "s"); err != nil || node != "a" {
		t.Errorf("it is on %q, %v", node, err)
	}
	for _, tt := range []struct {
		user, digest string
		want         error
	}{{"eve", "d2", cluster.ErrForeign}, {"ann", "d3", cluster.ErrNone}, {"ann", "", cluster.ErrNone}} {
		if _, err := b.Take(ctx, "s", tt.user, tt.digest, true, ttl); !errors.Is(err, tt.want) {
			t.Errorf("%s with %q: %v, want %v", tt.user, tt.digest, err, tt.want)
		}
	}
	if err := a.Save(ctx, "s", first, ttl); err != nil {
		t.Fatalf("nobody took it: %v", err)
	}
	got, err := b.Take(ctx, "s", "ann", "d1", true, ttl)
	want := cluster.Taken{Record: first, Live: true, From: "a"}
	want.Epoch = 2
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Fatalf("%v, %s", err, diff)
	}
	if err := a.Save(ctx, "s", first, ttl); !errors.Is(err, cluster.ErrElsewhere) {
		t.Errorf("the node before saved it: %v", err)
	}
	if err := a.Drop(ctx, "s", 1); err != nil {
		t.Error(err)
	}
	if got, err = a.Take(ctx, "s", "ann", "wrong", false, ttl); err != nil || got.Live || got.From != "b" || got.Epoch != 3 {
		t.Errorf("it was dropped by another, or the wrong secret opened it: %+v, %v", got, err)
	}
	if err := a.Drop(ctx, "s", 3); err != nil {
		t.Error(err)
	}
	if _, err := b.Where(ctx, "s"); !errors.Is(err, cluster.ErrNone) {
		t.Errorf("it was not dropped: %v", err)
	}
}

func TestSessionsExpire(t *testing.T) {
	client := testenv.OpenRedis(t, testenv.Redis(t))
	s := cluster.NewSessions(client, "a")
	if err := s.Save(t.Context(), "s", cluster.Record{User: "ann", Epoch: 1}, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	until(t, "expired", func() bool {
		_, err := s.Where(t.Context(), "s")
		return errors.Is(err, cluster.ErrNone)
	})
}

// member runs one node; stop ends it as a crash does, without a word, when rude.
func member(t *testing.T, url, name string, gone chan<- string) (m *cluster.Members, stop func()) {
	m = cluster.NewMembers(cluster.MembersConfig{
		Client: testenv.OpenRedis(t, url), Node: name, Counts: func() cluster.Counts { return cluster.Counts{Sessions: len(name)} },
		Gone: func(node string) { gone <- node }, Beat: 20 * time.Millisecond, Lease: 300 * time.Millisecond,
	})
	return m, runMember(t, m)
}

// runMember lets a node live until stop, or the test's end.
func runMember(t *testing.T, m *cluster.Members) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := m.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func total(m *cluster.Members, nodes, sessions int) func() bool {
	return func() bool {
		n, c := m.Total()
		return n == nodes && c.Sessions == sessions
	}
}

func TestMembers(t *testing.T) { members(t, testenv.Redis(t)) }

func members(t *testing.T, url string) {
	gone := make(chan string, 16)
	one, _ := member(t, url, "one", gone)
	_, leave := member(t, url, "three", make(chan string, 16))
	client := testenv.OpenRedis(t, url)
	if err := client.Do(t.Context(), "ZADD", "{passerby:nodes}:alive", "99999999999999", "dead").Err(); err != nil { // a node that never beats
		t.Fatal(err)
	}
	if err := client.HSet(t.Context(), "{passerby:nodes}:counts", "dead", `{"sessions":40}`).Err(); err != nil {
		t.Fatal(err)
	}
	until(t, "all three are seen", total(one, 3, 3+5+40))
	if err := client.ZAdd(t.Context(), "{passerby:nodes}:alive", redis.Z{Score: 1, Member: "dead"}).Err(); err != nil { // its lease is over
		t.Fatal(err)
	}
	expect(t, gone, "dead")
	leave()
	expect(t, gone, "three")
	until(t, "one is left", total(one, 1, 3))
}

// TestLinksAreTold: where the links are, when a node comes and when it goes; one without a link is not among them.
func TestLinksAreTold(t *testing.T) {
	client := testenv.OpenRedis(t, testenv.Redis(t))
	told := make(chan map[string]string, 64)
	node := func(name, at string, links func(map[string]string)) (stop func()) {
		return runMember(t, cluster.NewMembers(cluster.MembersConfig{
			Client: client, Node: name, Counts: func() cluster.Counts { return cluster.Counts{} }, Gone: func(string) {},
			Link: at, Links: links, Beat: 20 * time.Millisecond, Lease: 300 * time.Millisecond,
		}))
	}
	expect := func(want map[string]string) {
		t.Helper()
		select {
		case got := <-told:
			if !maps.Equal(got, want) {
				t.Fatalf("told %v, want %v", got, want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("not told %v", want)
		}
	}
	node("one", "10.0.0.1:1", func(addrs map[string]string) { told <- addrs })
	expect(map[string]string{"one": "10.0.0.1:1"})
	node("mute", "", nil)
	stop := node("two", "10.0.0.2:1", nil)
	expect(map[string]string{"one": "10.0.0.1:1", "two": "10.0.0.2:1"})
	stop()
	expect(map[string]string{"one": "10.0.0.1:1"})
}

func TestMembersOutliveRedis(t *testing.T) {
	server := testenv.StartRedis(t, "--save", "", "--appendonly", "no")
	gone := make(chan string, 16)
	one, _ := member(t, server.URL(), "one", gone)
	member(t, server.URL(), "three", gone)
	until(t, "both are seen", total(one, 2, 8))
	server.Kill()
	server.Start()
	client := testenv.OpenRedis(t, server.URL())
	until(t, "both have come back", func() bool { return client.HLen(t.Context(), "{passerby:nodes}:counts").Val() == 2 })
	until(t, "both are seen again", total(one, 2, 8))
}

func TestNodesWithOtherKeysDoNotJoin(t *testing.T) {
	client := testenv.OpenRedis(t, testenv.Redis(t))
	node := func(name, key string) *cluster.Members {
		return cluster.NewMembers(cluster.MembersConfig{
			Client: client, Node: name, Key: key, Counts: func() cluster.Counts { return cluster.Counts{} }, Gone: func(string) {}, Lease: 10 * time.Second,
		})
	}
	if err := node("one", "k").Join(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := node("two", "other").Join(t.Context()); !errors.Is(err, cluster.ErrKey) {
		t.Errorf("got %v, want ErrKey", err)
	}
	three := node("three", "k")
	if err := three.Join(t.Context()); err != nil {
		t.Error(err)
	}
	if nodes, _ := three.Total(); nodes != 2 {
		t.Errorf("%d nodes, want two: the one with another key is none", nodes)
	}
}

func expect(t *testing.T, from <-chan string, want string) {
	t.Helper()
	select {
	case got := <-from:
		if got != want {
			t.Fatalf("%s is gone, want %s", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("%s is thought to be there", want)
	}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick, deadline := time.NewTicker(2*time.Millisecond), time.After(10*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: did not come about", what)
		}
	}
}
