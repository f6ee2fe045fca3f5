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
