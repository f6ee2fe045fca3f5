package signaling_test

import (
	"maps"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// series finds one histogram; labels are values in the order of their names.
func (n *node) series(t *testing.T, name string, labels ...string) *dto.Histogram {
	t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "passerby_signaling_"+name {
			continue
		}
	next:
		for _, m := range f.GetMetric() {
			for i, l := range m.GetLabel() {
				if l.GetValue() != labels[i] {
					continue next
				}
			}
			return m.GetHistogram()
		}
	}
	return &dto.Histogram{}
}

// Two people meet across nodes, each says how long the picture took: one can be believed, one cannot. Saying it again
// changes nothing. The histograms point at the trace of the match.
func TestFirstFrameIsMeasured(t *testing.T) {
	w := newWorld(t, 2, signaling.Config{})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	m, _ := meet(ann, bob)
	ann.send(&protocol.Shown{Match: m.Match, MS: 20, NextMS: 1500})
	ann.send(&protocol.Shown{Match: m.Match, MS: 10, NextMS: 10})
	bob.send(&protocol.Shown{Match: m.Match, MS: 600_000, NextMS: 600_000}) // longer than the match has lasted
	until(t, "all is counted", func() bool {
		return w.nodes[0].metric(t, "first_frames_total", "taken") == 1 && w.nodes[1].metric(t, "first_frames_total", "impossible") == 1
	})
	for since, seconds := range map[string]float64{"matched": .02, "next": 1.5} {
		h := w.nodes[0].series(t, "first_frame_seconds", since, "across")
		if h.GetSampleCount() != 1 || h.GetSampleSum() != seconds {
			t.Errorf("%s: %v", since, h)
		}
		var trace string
		for _, b := range h.GetBucket() {
			for _, l := range b.GetExemplar().GetLabel() {
				trace = l.GetValue()
			}
		}
		if trace != "trace of "+m.Match {
			t.Errorf("%s: exemplar %q", since, trace)
		}
	}
	if h := w.nodes[1].series(t, "first_frame_seconds", "matched", "across"); h.GetSampleCount() != 0 {
		t.Errorf("what cannot be was counted: %v", h)
	}
	// Ann waited, Bob came.
	for i, n := range w.nodes {
		if h := n.series(t, "match_wait_seconds", "video", "adults"); h.GetSampleCount() != 1 || h.GetSampleSum() > patience.Seconds() {
			t.Errorf("node %d: waits %v", i, h)
		}
	}
	js := w.journeys.all()
	if len(js) != 2 || js[0].Match != m.Match || !js[0].Across || js[0].Asked.IsZero() || js[0].Matched.Before(js[0].Asked) {
		t.Fatalf("journeys: %+v", js)
	}
	for _, j := range js {
		if j.Initiator && (j.First != 20*time.Millisecond || j.Next != 1500*time.Millisecond) || !j.Initiator && j.First != 0 {
			t.Errorf("journey: %+v", j)
		}
	}

	ann.send(&protocol.Leave{})
	expect[*protocol.Left](ann)
	until(t, "the talk is counted", func() bool { return w.nodes[0].series(t, "talk_seconds", "video").GetSampleCount() == 1 })
	if n := w.nodes[1].series(t, "talk_seconds", "video").GetSampleCount(); n != 0 {
		t.Errorf("the talk was counted twice")
	}
}

// A client that says nothing of times is counted as such, and nothing of a match that is over counts.
func TestFirstFrameOfOldClients(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
	m, _ := meet(ann, bob)
	ann.send(&protocol.Shown{Match: m.Match})
	until(t, "it is counted", func() bool { return w.nodes[0].metric(t, "first_frames_total", "silent") == 1 })
	ann.send(&protocol.Leave{})
	expect[*protocol.Left](ann)
	expect[*protocol.Ended](bob)
	bob.send(&protocol.Shown{Match: m.Match, MS: 5})
	bob.send(&protocol.Ping{})
	expect[*protocol.Pong](bob)
	if n := w.nodes[0].metric(t, "first_frames_total", "taken"); n != 0 {
		t.Errorf("%v of a match that is over", n)
	}
}

// Matches are counted by how the regions of the two go together, at the initiator.
func TestMatchesAreCountedByRegion(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Region: "here"})
	n := w.nodes[0]
	w.queue.regions = map[string]string{"user-ann": "here", "user-bob": "here", "user-cid": "here", "user-dan": "there", "user-eve": "here"}
	for _, pair := range [][2]string{{"ann", "bob"}, {"cid", "dan"}, {"eve", "fay"}} {
		meet(n.enter(t, pair[0]), n.enter(t, pair[1]))
	}
	got := map[string]float64{}
	families, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "passerby_signaling_matches_total" {
			for _, m := range f.GetMetric() {
				got[m.GetLabel()[1].GetValue()] += m.GetCounter().GetValue()
			}
		}
	}
	if want := map[string]float64{"same": 1, "other": 1, "none": 1}; !maps.Equal(got, want) {
		t.Errorf("matches by region: %v, want %v", got, want)
	}
}
