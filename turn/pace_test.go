package turn

import (
	"testing"
	"time"
)

// arrive lets packets come at a rate for a while, and returns how many a round moved and the longest that one waited.
func arrive(perSecond int, work time.Duration) (each float64, waited time.Duration) {
	p := pace{each: apart}
	var clock, served time.Duration
	packets, rounds := 0, 0
	for clock < time.Second {
		next := time.Duration(packets+1) * time.Second / time.Duration(perSecond)
		clock = max(clock, next)
		moved := int(clock*time.Duration(perSecond)/time.Second) - packets
		clock += work
		packets, rounds = packets+moved, rounds+1
		d := p.wait(moved, clock-served)
		served = clock
		clock, waited = clock+d, max(waited, d)
	}
	return float64(packets) / float64(rounds), waited
}

// Who sends little never waits; when much comes, rounds are worth their price, and nobody waits long.
func TestPace(t *testing.T) {
	for _, c := range []struct {
		perSecond int
		least     float64       // packets in a round
		most      time.Duration // that a round waits
	}{
		{50, 1, 0}, {400, 1, 0}, {5_000, 1, 0}, {10_000, 4, longest}, {20_000, 8, longest}, {60_000, 11, longest}, {200_000, 10, longest},
	} {
		each, waited := arrive(c.perSecond, 10*time.Microsecond)
		if each < c.least*0.9 || waited > c.most {
			t.Errorf("%d packets a second: %.1f in a round (want %.0f), which waited up to %v (want %v)", c.perSecond, each, c.least, waited, c.most)
		}
	}
	if _, waited := arrive(500_000, 200*time.Microsecond); waited != 0 {
		t.Errorf("a round of a hundred packets waits for more, %v", waited)
	}
}

// A burst of a few packets, as a picture makes, delays nobody.
func TestPaceOfBurst(t *testing.T) {
	p := pace{each: apart}
	for range 5 {
		if d := p.wait(1, 30*time.Microsecond); d != 0 {
			t.Fatalf("it waits %v", d)
		}
	}
	for range 20 {
		p.wait(1, 30*time.Microsecond)
	}
	if d := p.wait(1, 30*time.Microsecond); d == 0 {
		t.Error("it does not wait when there is more")
	}
	p.wait(1, 100*time.Millisecond)
	if d := p.wait(1, 100*time.Millisecond); d != 0 {
		t.Errorf("it still waits %v when little comes", d)
	}
}
