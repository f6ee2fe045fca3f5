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
	p, _ := proof.Solve(nodes[0].Ask(t.Context(), somebody))
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
