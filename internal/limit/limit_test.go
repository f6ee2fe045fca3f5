package limit_test

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"passerby/internal/limit"
)

func TestBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(2, 3, 10)
		for i := range 3 {
			if ok, _ := b.Allow("a"); !ok {
				t.Fatalf("refused %d of a burst of 3", i+1)
			}
		}
		ok, wait := b.Allow("a")
		if ok || wait != 500*time.Millisecond {
			t.Errorf("after the burst: %v, wait %v, want false, 500ms", ok, wait)
		}
		if ok, _ := b.Allow("b"); !ok {
			t.Error("one name's limit touches another")
		}
		time.Sleep(wait)
		if ok, _ := b.Allow("a"); !ok {
			t.Error("refused after the wait that was asked for")
		}
	})
}

func TestTableIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(1, 1, 4)
		for i := range 4 {
			b.Allow(strconv.Itoa(i))
		}
		if ok, _ := b.Allow("new"); ok {
			t.Error("a full table of busy names took another")
		}
		time.Sleep(time.Second)
		if ok, _ := b.Allow("new"); !ok {
			t.Error("refilled buckets were not forgotten")
		}
	})
}
