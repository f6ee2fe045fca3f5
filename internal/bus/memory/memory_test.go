package memory_test

import (
	"testing"

	"go.uber.org/goleak"

	"passerby/internal/bus"
	"passerby/internal/bus/bustest"
	"passerby/internal/bus/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	bustest.Run(t, func(testing.TB) bustest.Join {
		b := new(memory.Bus)
		return func(t testing.TB, name string, handle bus.Handler) bus.Node {
			n, err := b.Join(name, handle)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = n.Close() })
			return n
		}
	})
}

func TestJoinRefusesASecondNodeOfTheName(t *testing.T) {
	b := new(memory.Bus)
	if _, err := b.Join("a", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Join("a", nil); err == nil {
		t.Error("a second node joined under the same name")
	}
}
