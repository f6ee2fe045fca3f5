package signaling

import (
	"testing"
	"time"
)

// TestPace: not all are asked at once, and all in time.
func TestPace(t *testing.T) {
	for _, tt := range []struct {
		name           string
		rate, sessions int
		within         time.Duration
		second         int // asked in the first second
	}{
		{"as set", 200, 1000, 30 * time.Second, 201},
		{"faster when there is little time", 200, 9000, 30 * time.Second, 451},
		{"few", 200, 3, 30 * time.Second, 201},
		{"no time", 200, 40, 0, 40_001},
	} {
		p := newPace(tt.rate, tt.sessions, tt.within)
		start, asked := p.last, 0
		for at := emptyEvery; at <= time.Second; at += emptyEvery {
			n := p.due(start.Add(at))
			asked += n
			if n > tt.second/40 && tt.within > 0 {
				t.Errorf("%s: %d at once", tt.name, n)
			}
		}
		if asked < tt.second-1 || asked > tt.second {
			t.Errorf("%s: %d in a second, want %d", tt.name, asked, tt.second)
		}
	}
}
