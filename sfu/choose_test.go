package sfu

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestChoose tells the story of a receiver with two pictures of three encodings, the first shown large, by second: what his
// network carries, in kilobits, and what he gets.
func TestChoose(t *testing.T) {
	pictures := make([]picture, 2)
	for i := range pictures {
		pictures[i] = picture{
			layers: 3, bits: [MaxLayers]int64{100_000, 250_000, 600_000}, pixels: [MaxLayers]int64{160 * 120, 320 * 240, 640 * 480},
			view: 640 * 480, alive: [MaxLayers]bool{true, true, true},
		}
	}
	pictures[1].view = 320 * 240
	var c chooser
	start := time.Now()
	var got [][2]int
	var wants []int64
	limits := []int64{
		0, 950, 700, // fits, does not fit: the first is lowered to what the second has
		950, 950, 950, 950, 950, 950, // room again: it waits, and raises
		300, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, // too little soon after that: it waits longer, and goes step by step
	}
	for s, limit := range limits {
		want := c.choose(pictures, 1000*limit, start.Add(time.Duration(s)*time.Second))
		got = append(got, [2]int{pictures[0].target, pictures[1].target})
		wants = append(wants, want/1000)
	}
	want := [][2]int{
		{2, 1}, {2, 1}, {1, 1},
		{1, 1}, {1, 1}, {1, 1}, {1, 1}, {2, 1}, {2, 1},
		{0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {0, 0}, {1, 1}, {1, 1}, {2, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("encodings (-want +got):\n%s", diff)
	}
	if wants[0] != 0 || wants[2] != 977 {
		t.Errorf("wants, in kilobits: %v", wants)
	}
}

func TestUse(t *testing.T) {
	for _, test := range []struct {
		target int
		alive  [MaxLayers]bool
		want   int
	}{
		{2, [MaxLayers]bool{true, true, true}, 2},
		{2, [MaxLayers]bool{true, true, false}, 1},
		{1, [MaxLayers]bool{true, false, true}, 0},
		{0, [MaxLayers]bool{false, false, true}, 2},
		{1, [MaxLayers]bool{}, 1},
	} {
		p := picture{layers: 3, alive: test.alive, target: test.target}
		if got := p.use(); got != test.want {
			t.Errorf("%+v: %d", test, got)
		}
	}
}
