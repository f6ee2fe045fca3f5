package testenv

import (
	"testing"

	"passerby/internal/stack"
)

// Rabbit starts a RabbitMQ of the test's own, which ends with the test.
func Rabbit(t testing.TB) *stack.Rabbit {
	t.Helper()
	r, err := stack.StartRabbit(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.End)
	return r
}
