package app

import (
	"slices"
	"testing"
	"time"

	"passerby/sfu/link"
)

// TestLinksOfNoUse: down or slow for four seconds is said, and again each five; this node, links that are well, and nodes that are gone
// are not spoken of.
func TestLinksOfNoUse(t *testing.T) {
	n := &neighbours{own: "a"}
	if got := n.look(nil); got != nil {
		t.Errorf("alone: %v", got)
	}
	n.learn(map[string]string{"a": "x", "b": "x", "c": "x", "d": "x"})
	links := []link.Stats{{Node: "b", RTT: time.Millisecond}, {Node: "d", RTT: 2 * time.Second}}
	var said []int
	for look := 1; look <= 10; look++ {
		got := n.look(links)
		slices.Sort(got)
		if len(got) > 0 {
			said = append(said, look)
		}
		if len(got) > 0 && !slices.Equal(got, []string{"c", "d"}) {
			t.Errorf("look %d: %v", look, got)
		}
	}
	if !slices.Equal(said, []int{4, 9}) {
		t.Errorf("said at %v", said)
	}
	links = append(links, link.Stats{Node: "c"})
	n.learn(map[string]string{"a": "x", "b": "x", "c": "x"})
	for range 10 {
		if got := n.look(links); got != nil {
			t.Errorf("all is well: %v", got)
		}
	}
}
