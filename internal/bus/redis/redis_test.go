package redis_test

import (
	"context"
	"fmt"
	"testing"

	"go.uber.org/goleak"

	"passerby/internal/bus"
	"passerby/internal/bus/bustest"
	"passerby/internal/bus/redis"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func join(t testing.TB, cfg redis.Config) *redis.Node {
	t.Helper()
	n, err := redis.Join(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// conform runs the suite on one Redis; each test's nodes have a client each, and names of their own.
func conform(t *testing.T, url string) {
	tests := 0
	bustest.Run(t, func(testing.TB) bustest.Join {
		tests++
		prefix := fmt.Sprintf("test-%d-", tests)
		return func(t testing.TB, name string, handle bus.Handler) bus.Node {
			return prefixed{join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: prefix + name, Handle: handle}), prefix}
		}
	})
}

// prefixed keeps the nodes of one test to themselves.
type prefixed struct {
	*redis.Node
	prefix string
}

func (p prefixed) Send(ctx context.Context, node, session string, data []byte) error {
	return p.Node.Send(ctx, p.prefix+node, session, data)
}

func TestConformance(t *testing.T) { conform(t, testenv.Redis(t)) }

func TestConformanceOnACluster(t *testing.T) {
	url, _ := testenv.RedisCluster(t)
	conform(t, url)
}

func TestConformanceOnSentinel(t *testing.T) { conform(t, testenv.Sentinel(t).URL()) }

func TestJoinSaysWhatIsMissing(t *testing.T) {
	if _, err := redis.Join(t.Context(), redis.Config{Name: "a"}); err == nil {
		t.Error("joined without a client")
	}
	s := testenv.StartRedis(t)
	client := testenv.OpenRedis(t, s.URL())
	s.Kill()
	if _, err := redis.Join(t.Context(), redis.Config{Client: client, Name: "a", Handle: func(string, []byte) {}}); err == nil {
		t.Error("joined without Redis")
	}
}
