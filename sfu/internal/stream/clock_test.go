package stream_test

import (
	"testing"
	"time"

	"passerby/sfu/internal/stream"
)

func TestNTP(t *testing.T) {
	unix := time.Unix(0, 500_000_000)
	if got, want := stream.NTP(unix), uint64(2208988800)<<32|1<<31; got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	for _, at := range []time.Time{unix, epoch.Add(123456789), time.Unix(1_800_000_000, 999_999_999)} {
		if d := stream.FromNTP(stream.NTP(at)).Sub(at); d < -2 || d > 2 {
			t.Errorf("%v comes back %v off", at, d)
		}
	}
}

// TestClockOffset: the least delay counts, a drift is followed, a clock that was
// set is believed.
func TestClockOffset(t *testing.T) {
	var c stream.ClockOffset
	sender := epoch.Add(-time.Hour)
	sample := func(at, delay time.Duration) time.Duration {
		return c.Sample(sender.Add(at), epoch.Add(at+delay))
	}
	if got := sample(0, 80*time.Millisecond); got != time.Hour+80*time.Millisecond {
		t.Errorf("first: %v", got)
	}
	if got := sample(time.Second, 20*time.Millisecond); got != time.Hour+20*time.Millisecond {
		t.Errorf("less delay: %v", got)
	}
	if got := sample(2*time.Second, 84*time.Millisecond); got != time.Hour+21*time.Millisecond {
		t.Errorf("more delay: %v", got)
	}
	if got := sample(3*time.Second, time.Minute); got != time.Hour+time.Minute {
		t.Errorf("the clock was set: %v", got)
	}
}

func TestAnchor(t *testing.T) {
	a := stream.Anchor{At: epoch, RTP: 1<<32 - 45000}
	for _, test := range []struct {
		after time.Duration
		want  uint32
	}{{0, 1<<32 - 45000}, {time.Second, 45000}, {-time.Second, 1<<32 - 135000}} {
		if got := a.RTPAt(epoch.Add(test.after), 90000); got != test.want {
			t.Errorf("after %v: %d, want %d", test.after, got, test.want)
		}
	}
}
