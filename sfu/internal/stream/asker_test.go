package stream_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/sfu/internal/stream"
)

// TestAsker tells stories of a route, and lists the milliseconds at which the
// sender was asked.
func TestAsker(t *testing.T) {
	tests := []struct {
		name  string
		keyed bool
		gated bool
		do    map[int]func(*stream.Asker, time.Time) // by millisecond
		until int
		want  []int
	}{
		{"asks with the route, after keyed each 120 ms until open and shown", false, true, map[int]func(*stream.Asker, time.Time){
			30:  (*stream.Asker).Keyed,
			300: (*stream.Asker).Opened,
			350: func(a *stream.Asker, _ time.Time) { a.Shown() },
		}, 3000, []int{0, 150, 270}},
		{"known to be keyed: at once", true, true, map[int]func(*stream.Asker, time.Time){
			100: (*stream.Asker).Opened,
			200: func(a *stream.Asker, _ time.Time) { a.Shown() },
		}, 3000, []int{0}},
		{"never said to be keyed: falls back", false, true, nil, 800, []int{0, 500, 620, 740}},
		{"frames under the right key without their key frame: at once", false, true, map[int]func(*stream.Asker, time.Time){
			50: (*stream.Asker).Missed,
			60: (*stream.Asker).Missed,
			90: (*stream.Asker).Keyed,
		}, 200, []int{0, 50, 170}},
		{"never shown: slower, and ends", true, true, map[int]func(*stream.Asker, time.Time){
			10: (*stream.Asker).Opened,
		}, 9000, []int{0, 810, 1610, 2410, 3210, 4010, 4810}},
		{"no key: ends when open", false, false, map[int]func(*stream.Asker, time.Time){
			130: (*stream.Asker).Opened,
		}, 3000, []int{0, 120}},
		{"closed again: at once", true, true, map[int]func(*stream.Asker, time.Time){
			10:   (*stream.Asker).Opened,
			20:   func(a *stream.Asker, _ time.Time) { a.Shown() },
			1000: (*stream.Asker).Closed,
			1010: (*stream.Asker).Opened,
			1020: func(a *stream.Asker, _ time.Time) { a.Shown() },
		}, 3000, []int{0, 1000}},
		{"shown before open counts for nothing", true, true, map[int]func(*stream.Asker, time.Time){
			10: func(a *stream.Asker, _ time.Time) { a.Shown() },
			50: func(a *stream.Asker, _ time.Time) { a.Stop() },
		}, 1000, []int{0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var a stream.Asker
			a.Route(epoch, test.keyed, test.gated)
			var got []int
			for ms := range test.until {
				now := epoch.Add(time.Duration(ms) * time.Millisecond)
				if do := test.do[ms]; do != nil {
					do(&a, now)
				}
				if a.Due(now) {
					got = append(got, ms)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("asked at (-want +got):\n%s", diff)
			}
		})
	}
}
