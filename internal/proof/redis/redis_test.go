package redis_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/proof"
	"passerby/internal/proof/redis"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAProofCountsOnceOnAllNodes(t *testing.T) {
	url := testenv.Redis(t)
	nodes := make([]*proof.Guard, 2)
	for i := range nodes {
		nodes[i] = proof.New(proof.Config{Key: []byte("shared"), Mode: proof.On, Shared: redis.New(testenv.OpenRedis(t, url))})
	}
	somebody := netip.MustParsePrefix("203.0.113.7/32")
	p, _ := proof.Solve(nodes[0].Ask(t.Context(), somebody, ""))
	if err := nodes[1].Check(t.Context(), p); err != nil {
		t.Errorf("a challenge of another node: %v", err)
	}
	for i, n := range nodes {
		if err := n.Check(t.Context(), p); !errors.Is(err, proof.ErrUsed) {
			t.Errorf("again at node %d: %v", i, err)
		}
	}
}

func TestASuspectIsKnownToAllNodes(t *testing.T) {
	url := testenv.Redis(t)
	one, two := redis.New(testenv.OpenRedis(t, url)), redis.New(testenv.OpenRedis(t, url))
	if _, err := one.Remember(t.Context(), "suspect:x", time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if known, err := two.Known(t.Context(), "suspect:x"); err != nil || !known {
		t.Errorf("known %t, %v", known, err)
	}
	if known, _ := two.Known(t.Context(), "suspect:y"); known {
		t.Error("everybody is known")
	}
}

func TestMemory(t *testing.T) {
	url := testenv.Redis(t)
	one, two := redis.New(testenv.OpenRedis(t, url)), redis.New(testenv.OpenRedis(t, url))
	client := testenv.OpenRedis(t, url)
	remember := func(d time.Duration, wantFresh bool, least time.Duration) {
		t.Helper()
		fresh, err := one.Remember(t.Context(), "program:x", time.Now().Add(d))
		if err != nil || fresh != wantFresh {
			t.Fatalf("fresh %t, %v; want %t", fresh, err, wantFresh)
		}
		if ttl := client.PTTL(t.Context(), "passerby:proof:program:x").Val(); ttl <= least || ttl > least+time.Minute {
			t.Errorf("remembered for %v, want a bit over %v", ttl, least)
		}
	}
	remember(time.Hour, true, 59*time.Minute)
	remember(2*time.Hour, false, 119*time.Minute)
	remember(time.Minute, false, 119*time.Minute)
	if err := two.Forget(t.Context(), "program:x"); err != nil {
		t.Fatal(err)
	}
	if known, err := one.Known(t.Context(), "program:x"); err != nil || known {
		t.Errorf("known %t, %v, after it was forgotten", known, err)
	}
}

// A user's standing is one on all nodes, also when it changes elsewhere.
func TestAStandingIsOneOnAllNodes(t *testing.T) {
	url := testenv.Redis(t)
	nodes := make([]*proof.Guard, 2)
	for i := range nodes {
		nodes[i] = proof.New(proof.Config{Key: []byte("shared"), Shared: redis.New(testenv.OpenRedis(t, url))})
	}
	nodes[0].Suspect(t.Context(), "bot", netip.MustParsePrefix("203.0.113.7/32"))
	if !nodes[1].Suspected(t.Context(), "bot") {
		t.Error("the other node knows nothing of it")
	}
	nodes[1].Vouch(t.Context(), "bot")
	for i, n := range nodes {
		if n.Suspected(t.Context(), "bot") {
			t.Errorf("node %d suspects whom it should not any more", i)
		}
	}
}
