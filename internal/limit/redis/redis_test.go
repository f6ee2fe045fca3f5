package redis_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"passerby/internal/limit/redis"
	"passerby/internal/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func allow(t *testing.T, l *redis.Limit, name string) (bool, time.Duration) {
	t.Helper()
	ok, wait, err := l.Allow(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return ok, wait
}

func TestNodesShareALimit(t *testing.T) {
	url := testenv.Redis(t)
	one, two := redis.New(testenv.OpenRedis(t, url), "skips", 0.1, 4), redis.New(testenv.OpenRedis(t, url), "skips", 0.1, 4)
	for i := range 4 {
		if ok, _ := allow(t, []*redis.Limit{one, two}[i%2], "ada"); !ok {
			t.Fatalf("event %d of a burst of 4 was refused", i+1)
		}
	}
	for _, l := range []*redis.Limit{one, two} {
		if ok, wait := allow(t, l, "ada"); ok || wait <= 0 || wait > 10*time.Second {
			t.Errorf("one too many: %t, wait %v", ok, wait)
		}
	}
	if ok, _ := allow(t, one, "bob"); !ok {
		t.Error("the limit is not for each name")
	}
	if ok, _ := allow(t, redis.New(testenv.OpenRedis(t, url), "reports", 0.1, 1), "ada"); !ok {
		t.Error("the limit is not for each kind")
	}
}

func TestBucketsRefill(t *testing.T) {
	client := testenv.OpenRedis(t, testenv.Redis(t))
	l := redis.New(client, "skips", 20, 2)
	allow(t, l, "ada")
	allow(t, l, "ada")
	ok, wait := allow(t, l, "ada")
	if ok || wait <= 0 || wait > 50*time.Millisecond {
		t.Fatalf("one too many: %t, wait %v", ok, wait)
	}
	<-time.After(wait)
	if ok, _ := allow(t, l, "ada"); !ok {
		t.Error("refused after the wait that was asked for")
	}
	<-time.After(150 * time.Millisecond)
	if n := client.Exists(t.Context(), "passerby:limit:skips:ada").Val(); n != 0 {
		t.Errorf("%d keys are left of a full bucket", n)
	}
}

func TestRedisAway(t *testing.T) {
	s := testenv.StartRedis(t)
	client := testenv.OpenRedis(t, s.URL())
	s.Kill()
	if ok, _, err := redis.New(client, "skips", 1, 1).Allow(t.Context(), "ada"); err == nil || ok {
		t.Errorf("allowed: %t, %v", ok, err)
	}
}
