package redis_test

import (
	"testing"
	"time"

	"passerby/internal/testenv"
	"passerby/match/matchtest"
	"passerby/match/redis"
)

// Real Sentinels: the suite (one history of it), then their primary is killed under a crowd, and they promote the replica.
func TestSentinel(t *testing.T) {
	sentinel := testenv.Sentinel(t)
	client := testenv.OpenRedis(t, sentinel.URL())
	t.Run("conformance", func(t *testing.T) {
		t.Setenv("MATCHTEST_SEED", "5")
		matchtest.Run(t, onTheTestsClock(client))
	})
	t.Run("the primary is killed", func(t *testing.T) {
		name, book := newName(), newLedger(t)
		book.lossy = true
		a, b := running(t, testenv.OpenRedis(t, sentinel.URL()), fast(name)), running(t, testenv.OpenRedis(t, sentinel.URL()), fast(name))
		stop := crowd(t, []*redis.Queue{a, b}, 20, 30*time.Second, book)
		until(t, "many calls", func() bool { return book.count() > 2000 })
		sentinel.Primary.Kill()
		back := book.count()
		until(t, "calls to the new primary", func() bool { return book.count() > back+2000 })
		stop()
		audit(t, client, name)
		settle(t, a, client, name, 20, book)
	})
}
