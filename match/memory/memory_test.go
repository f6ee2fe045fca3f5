package memory_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"passerby/match"
	"passerby/match/matchtest"
	"passerby/match/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// subject is an empty queue for the conformance suite.
func subject(t testing.TB, cfg match.Config) matchtest.Subject {
	q, err := memory.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return matchtest.Subject{Queue: q, Sweep: func(context.Context) error { q.Sweep(); return nil }}
}

func TestConformance(t *testing.T) { matchtest.Run(t, subject) }

func BenchmarkArrive(b *testing.B) { matchtest.Bench(b, subject) }
