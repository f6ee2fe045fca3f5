package limit_test

import (
	"fmt"
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

// A bucket is never forgotten before it is full, while there is room.
func TestForgettingChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(1, 4, 1000)
		for range 4 {
			b.Allow("busy")
		}
		for second := range 20 {
			for i := range 10 {
				b.Allow(fmt.Sprint(second, "-", i))
			}
			if ok, _ := b.Allow("busy"); ok != (second > 0) {
				t.Fatalf("after %d s: allowed %t, one a second", second, ok)
			}
			if ok, _ := b.Allow("busy"); ok {
				t.Fatalf("after %d s: two in a second", second)
			}
			time.Sleep(time.Second)
		}
		if n := b.Len(); n > 2*(4+1)*11 {
			t.Errorf("%d entries are kept of 11 names a second whose buckets fill in 4", n)
		}
	})
}

func TestASilentBucketIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := limit.New(1, 4, 1000)
		for i := range 10 { // whatever the time since the tables turned
			b.Allow(fmt.Sprint("other", i))
			name := fmt.Sprint("silent", i)
			for range 4 {
				b.Allow(name)
			}
			for second := range 3 {
				time.Sleep(time.Second)
				b.Allow(fmt.Sprint("other", i, second))
			}
			for token := range 4 {
				if ok, _ := b.Allow(name); ok != (token < 3) {
					t.Fatalf("%d s after it was empty: token %d given: %t", 3, token+1, ok)
				}
			}
		}
	})
}

// Countless names neither fill the memory nor shut others out, nor free who keeps asking.
func TestTableIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 100
		b := limit.New(1, 4, size)
		for range 4 {
			b.Allow("busy")
		}
		for i := range 100 * size {
			if ok, _ := b.Allow(strconv.Itoa(i)); !ok {
				t.Fatal("a full table refused a new name")
			}
			if n := b.Len(); n > size {
				t.Fatalf("%d entries, want %d at most", n, size)
			}
			if i%(size/4) == 0 {
				if ok, _ := b.Allow("busy"); ok {
					t.Fatal("who kept asking was forgotten")
				}
			}
		}
	})
}

// BenchmarkFullTable is what a call costs when every name is new and none can be forgotten for being full.
func BenchmarkFullTable(b *testing.B) {
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			buckets := limit.New(0.001, 50, size)
			for i := range size {
				buckets.Allow(strconv.Itoa(i))
			}
			n := size
			for b.Loop() {
				n++
				buckets.Allow(strconv.Itoa(n))
			}
		})
	}
}
