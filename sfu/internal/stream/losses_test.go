package stream_test

import (
	"slices"
	"testing"
	"time"

	"passerby/sfu/internal/stream"
)

func TestLosses(t *testing.T) {
	var l stream.Losses
	ms := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }
	due := func(at int) []uint16 {
		t.Helper()
		got, lost := l.Due(ms(at), nil)
		if lost {
			t.Errorf("at %d ms: given up", at)
		}
		slices.Sort(got)
		return got
	}
	l.Received(65534, ms(0))
	l.Received(1, ms(0)) // 65535 and 0 are missing
	if got := due(7); got != nil {
		t.Errorf("asked before a reordered packet could come: %v", got)
	}
	l.Received(0, ms(7))
	if got := due(8); !slices.Equal(got, []uint16{65535}) {
		t.Errorf("at 8 ms: %v", got)
	}
	if got := due(50); got != nil {
		t.Errorf("asked again at once: %v", got)
	}
	l.Received(4, ms(60))
	if got := due(69); !slices.Equal(got, []uint16{2, 3, 65535}) {
		t.Errorf("at 69 ms: %v", got)
	}
	l.Received(65535, ms(70))
	l.Received(2, ms(70))
	l.Received(3, ms(70))
	l.Received(3, ms(70))
	if got := due(1000); got != nil {
		t.Errorf("nothing is missing: %v", got)
	}
}

func TestLossesGiveUp(t *testing.T) {
	var l stream.Losses
	l.Received(1, epoch)
	l.Received(3, epoch)
	asked, gaveUp := 0, false
	for ms := range 2000 {
		got, lost := l.Due(epoch.Add(time.Duration(ms)*time.Millisecond), nil)
		asked += len(got)
		gaveUp = gaveUp || lost
	}
	if asked != 6 || !gaveUp {
		t.Errorf("asked %d times, gave up %v", asked, gaveUp)
	}
	l.Received(1000, epoch) // far too much
	if got, lost := l.Due(epoch.Add(time.Hour), nil); len(got) != 0 || !lost {
		t.Errorf("after a gap of 996: asked for %d, lost %v", len(got), lost)
	}
	l.Received(1002, epoch)
	if got, _ := l.Due(epoch.Add(time.Hour), nil); !slices.Equal(got, []uint16{1001}) {
		t.Errorf("after the gap: %v", got)
	}
}

// TestLossesFarAway: over a long way a packet is not given up before its repair can be there, and soon no longer asked for
// twice.
func TestLossesFarAway(t *testing.T) {
	const trip = 480 // ms, there and back
	var l stream.Losses
	repairs := map[int][]uint16{} // by the millisecond of their arrival
	asked, seq := map[uint16]int{}, uint16(0)
	for ms := range 20_000 {
		now := epoch.Add(time.Duration(ms) * time.Millisecond)
		if ms%10 == 0 {
			if seq++; seq%20 != 0 { // every twentieth is lost
				l.Received(seq, now)
			}
		}
		for _, s := range repairs[ms] {
			l.Received(s, now)
		}
		due, lost := l.Due(now, nil)
		if lost {
			t.Fatalf("at %d ms a packet is given up", ms)
		}
		for _, s := range due {
			asked[s]++
			repairs[ms+trip] = append(repairs[ms+trip], s)
		}
	}
	late := 0
	for s, n := range asked {
		if s > 500 && n > 1 {
			late++
		}
	}
	if late > 0 {
		t.Errorf("%d of %d packets were asked for twice after five seconds", late, len(asked))
	}
}
