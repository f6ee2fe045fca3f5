package testenv

import (
	"testing"

	"passerby/internal/stack"
)

// Sentinel starts a Redis with a replica and three Sentinels of the test's own, which end with the test.
func Sentinel(t testing.TB) *stack.Sentinel {
	t.Helper()
	s, err := stack.StartSentinel(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}
