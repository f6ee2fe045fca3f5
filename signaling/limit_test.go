package signaling

import (
	"testing"
	"time"
)

func TestLimiter(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(Config{MessagesPerSecond: 10, Burst: 5}, now)
	judge := func(want verdict, times int) (wait time.Duration) {
		t.Helper()
		for i := range times {
			var got verdict
			if got, wait = l.judge(now); got != want {
				t.Fatalf("message %d: got %v, want %v", i, got, want)
			}
		}
		return wait
	}
	judge(pass, 5)
	if wait := judge(limited, 1); wait != 100*time.Millisecond {
		t.Errorf("wait %v, want 100ms", wait)
	}
	judge(limited, 4)
	judge(flooded, 3)
	now = now.Add(100 * time.Millisecond)
	judge(pass, 1)
	judge(limited, 1)
	judge(flooded, 1)
	now = now.Add(time.Hour) // no more than the burst is saved up
	judge(pass, 5)
	judge(limited, 5)
	judge(flooded, 1)
	now = now.Add(-time.Hour) // a clock that goes back takes nothing away
	judge(flooded, 1)
}

func TestLimiterLetsTheSustainedRatePass(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimiter(Config{MessagesPerSecond: 30, Burst: 90}, now)
	for range 10_000 {
		now = now.Add(time.Second / 30)
		if v, _ := l.judge(now); v != pass {
			t.Fatalf("refused at the sustained rate: %v", v)
		}
	}
}
