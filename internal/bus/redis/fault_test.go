package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"passerby/internal/bus"
	"passerby/internal/bus/redis"
	"passerby/internal/testenv"
)

const patience = 20 * time.Second

// numbers collects what one sender numbered; what comes must grow.
type numbers struct {
	t  *testing.T
	in chan int
}

func newNumbers(t *testing.T) numbers { return numbers{t, make(chan int, 1<<16)} }

func (n numbers) handle(_ string, data []byte) {
	i, err := strconv.Atoi(string(data))
	if err != nil {
		i = -1
	}
	n.in <- i
}

// until takes numbers until one of at least want comes; it fails when one comes twice or out of order.
func (n numbers) until(last, want int) (latest, count int) {
	n.t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case i := <-n.in:
			if i <= last {
				n.t.Fatalf("%d came after %d", i, last)
			}
			last = i
			if count++; i >= want {
				return last, count
			}
		case <-deadline:
			n.t.Fatalf("%d did not come; the last was %d", want, last)
		}
	}
}

// flow sends numbers until stop; it answers how many.
func flow(t *testing.T, from bus.Node, to string, pause time.Duration) (stop func() int) {
	quit, done := make(chan struct{}), make(chan int)
	go func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := 1; ; i++ {
			if err := from.Send(t.Context(), to, "s", []byte(fmt.Sprint(i))); err != nil && !errors.Is(err, bus.ErrFull) {
				t.Errorf("send: %v", err)
			}
			select {
			case <-quit:
				done <- i
				return
			case <-tick.C:
			}
		}
	}()
	return func() int { close(quit); return <-done }
}

func TestConnectionsAreCut(t *testing.T) {
	url := testenv.Redis(t)
	got, admin := newNumbers(t), testenv.OpenRedis(t, url)
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: newNumbers(t).handle})
	join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "b", Handle: got.handle})
	stop := flow(t, from, "b", 200*time.Microsecond)
	last, count := 0, 0
	for range 20 {
		for _, kind := range []string{"pubsub", "normal"} {
			if err := admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes").Err(); err != nil {
				t.Fatal(err)
			}
		}
		var n int
		last, n = got.until(last, last+100)
		count += n
	}
	sent := stop()
	t.Logf("%d of %d came, through 40 cuts", count, sent)
}

func TestRedisRestarts(t *testing.T) {
	server := testenv.StartRedis(t, "--save", "", "--appendonly", "no")
	got := newNumbers(t)
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, server.URL()), Name: "a", Handle: newNumbers(t).handle})
	join(t, redis.Config{Client: testenv.OpenRedis(t, server.URL()), Name: "b", Handle: got.handle})
	stop := flow(t, from, "b", time.Millisecond)
	defer stop()
	last, _ := got.until(0, 100)
	for range 2 {
		server.Kill()
		server.Start()
		last, _ = got.until(last, last+500)
	}
}

func TestSlowRedisHoldsNobodyUp(t *testing.T) {
	url := testenv.Redis(t)
	got, admin := newNumbers(t), testenv.OpenRedis(t, url)
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: newNumbers(t).handle})
	join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "b", Handle: got.handle})
	if err := admin.Do(t.Context(), "CLIENT", "PAUSE", "1000", "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // half of the pause, for all
	defer cancel()
	for i := range 1000 {
		if err := from.Send(ctx, "b", "s", []byte(fmt.Sprint(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if _, count := got.until(0, 1000); count != 1000 {
		t.Errorf("%d of 1000 came", count)
	}
}

func TestFloodIsBounded(t *testing.T) {
	url := testenv.Redis(t)
	got, admin := newNumbers(t), testenv.OpenRedis(t, url)
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: newNumbers(t).handle, Queue: 100 << 10})
	join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "b", Handle: got.handle})
	if err := admin.Do(t.Context(), "CLIENT", "PAUSE", "1000", "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	taken, err := 0, error(nil)
	for ; err == nil && taken < 1<<16; taken++ {
		err = from.Send(t.Context(), "b", "s", []byte(fmt.Sprint(taken+1)))
	}
	if !errors.Is(err, bus.ErrFull) {
		t.Fatalf("%d letters were taken, and then: %v", taken, err)
	}
	if _, count := got.until(0, taken-1); count != taken-1 {
		t.Errorf("%d of %d that were taken came", count, taken-1)
	}
	if err := from.Send(t.Context(), "b", "s", []byte(fmt.Sprint(1<<20))); err != nil { // room again
		t.Error(err)
	}
	got.until(taken, 1<<20)
}

func TestCloseSendsWhatWaits(t *testing.T) {
	url := testenv.Redis(t)
	got := newNumbers(t)
	join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "b", Handle: got.handle})
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: newNumbers(t).handle})
	for i := range 5000 {
		if err := from.Send(t.Context(), "b", "s", []byte(fmt.Sprint(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	if err := from.Close(); err != nil {
		t.Fatal(err)
	}
	if _, count := got.until(0, 5000); count != 5000 {
		t.Errorf("%d of 5000 came", count)
	}
}

func TestTooLongALetterIsRefused(t *testing.T) {
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, testenv.Redis(t)), Name: "a", Handle: newNumbers(t).handle})
	if err := from.Send(t.Context(), "a", "s", make([]byte, 2<<20)); err == nil {
		t.Error("two megabytes were taken")
	}
}

func TestSilentRedisIsLeft(t *testing.T) {
	url := testenv.Redis(t)
	got, admin, reg := newNumbers(t), testenv.OpenRedis(t, url), prometheus.NewRegistry()
	n := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: got.handle, Quiet: 50 * time.Millisecond, Registerer: reg})
	if err := admin.Do(t.Context(), "CLIENT", "PAUSE", "1000", "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	tick, deadline := time.NewTicker(time.Millisecond), time.After(patience)
	defer tick.Stop()
	for metric(t, reg, "subscriptions_broken_total") == 0 {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the subscription is still thought well of")
		}
	}
	stop := flow(t, n, "a", time.Millisecond)
	defer stop()
	got.until(0, 1)
}

// TestClusterMovesTheChannel gives the slot of a node's channel to another master, as resharding does.
func TestClusterMovesTheChannel(t *testing.T) {
	url, servers := testenv.RedisCluster(t)
	got := newNumbers(t)
	from := join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "a", Handle: newNumbers(t).handle})
	join(t, redis.Config{Client: testenv.OpenRedis(t, url), Name: "b", Handle: got.handle})
	stop := flow(t, from, "b", time.Millisecond)
	defer stop()
	last, _ := got.until(0, 50)
	slot := testenv.OpenRedis(t, url).ClusterKeySlot(t.Context(), "passerby:bus:b").Val()
	for _, target := range servers {
		testenv.MoveSlot(t, servers, slot, target)
		last, _ = got.until(last, last+200)
	}
}

func metric(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "passerby_bus_"+name {
			sum += total(f)
		}
	}
	return sum
}

func total(f *dto.MetricFamily) (sum float64) {
	for _, m := range f.GetMetric() {
		sum += m.GetCounter().GetValue()
	}
	return sum
}
