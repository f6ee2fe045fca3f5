package group

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"passerby/sfu"
)

// fake is a media server that only notes.
type fake struct {
	routes map[string]string // "to/slot" → from
	told   map[string][]message
	voices map[string]sfu.Voice
	views  []string
	taken  map[string][]string
}

func newFake() *fake {
	return &fake{routes: map[string]string{}, told: map[string][]message{}, voices: map[string]sfu.Voice{}}
}

func (f *fake) RouteSlot(to string, slot int, from string, _ uint64) error {
	at := fmt.Sprintf("%s/%d", to, slot)
	if from == "" {
		delete(f.routes, at)
	} else {
		f.routes[at] = from
	}
	return nil
}

func (f *fake) Send(id string, data []byte) error {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	f.told[id] = append(f.told[id], m)
	return nil
}

func (f *fake) Voice(id string) sfu.Voice { return f.voices[id] }

func (f *fake) View(id string, slot, width, height int) error {
	f.views = append(f.views, fmt.Sprintf("%s/%d %d×%d", id, slot, width, height))
	return nil
}

func (f *fake) Taken(id string) []string { return f.taken[id] }

func (f *fake) last(t *testing.T, id, kind string) message {
	t.Helper()
	for i := len(f.told[id]) - 1; i >= 0; i-- {
		if f.told[id][i].Type == kind {
			return f.told[id][i]
		}
	}
	t.Fatalf("%s was told no %q: %+v", id, kind, f.told[id])
	return message{}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func enter(t *testing.T, g *Group, ids ...string) {
	t.Helper()
	for _, id := range ids {
		must(t, g.Join(id))
		must(t, g.Data(id, []byte(`{"type":"hello","key":"key of `+id+`"}`)))
	}
}

func TestGroup(t *testing.T) {
	f := newFake()
	g := New(f, Config{Name: "green", Members: 4, Slots: 2, Every: -1})
	defer g.Close()
	enter(t, g, "a", "b", "c")
	want := message{Type: "group", Group: "green", You: "b", Members: []Member{{"a", "key of a"}, {"b", "key of b"}, {"c", "key of c"}}}
	if diff := cmp.Diff(want, f.last(t, "b", "group")); diff != "" {
		t.Errorf("b was told (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"a/0": "b", "a/1": "c", "b/0": "a", "b/1": "c", "c/0": "a", "c/1": "b"}, f.routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}

	// A fourth comes and speaks: he takes the place of who spoke longest ago, and nobody else moves.
	enter(t, g, "d")
	if f.routes["a/0"] != "b" || f.routes["a/1"] != "c" {
		t.Errorf("somebody silent was shown: %v", f.routes)
	}
	for i := range 5 {
		f.voices["d"] = sfu.Voice{Packets: uint64(10 * (i + 1)), Loudness: uint64(1000 * (i + 1))}
		g.hear()
	}
	if diff := cmp.Diff(map[string]string{
		"a/0": "b", "a/1": "d", "b/0": "a", "b/1": "d", "c/0": "a", "c/1": "d", "d/0": "a", "d/1": "b",
	}, f.routes); diff != "" {
		t.Errorf("d speaks; routes (-want +got):\n%s", diff)
	}
	if got := f.last(t, "a", "shown"); got.Speaker != "d" || cmp.Diff([]string{"b", "d"}, got.Slots) != "" {
		t.Errorf("a was told %+v", got)
	}

	// What one tells another; not to himself's stranger, not from who is no member.
	must(t, g.Data("a", []byte(`{"type":"tell","to":"c","data":"sealed"}`)))
	must(t, g.Data("a", []byte(`{"type":"tell","to":"nobody","data":"sealed"}`)))
	must(t, g.Data("stranger", []byte(`{"type":"tell","to":"c","data":"forged"}`)))
	if got := f.last(t, "c", "told"); got.From != "a" || got.Data != "sealed" {
		t.Errorf("c was told %+v", got)
	}

	if left := g.Leave("d"); left != 3 {
		t.Errorf("%d are left", left)
	}
	if got := f.last(t, "a", "shown"); cmp.Diff([]string{"b", "c"}, got.Slots) != "" {
		t.Errorf("after d left a sees %q", got.Slots)
	}
	g.Close()
	if len(f.routes) != 0 {
		t.Errorf("after the end: %v", f.routes)
	}
	if err := g.Join("e"); !errors.Is(err, ErrClosed) {
		t.Errorf("joined what is closed: %v", err)
	}
}

// Who comes back with the key that he had is told all, and nobody else anything.
func TestComingBack(t *testing.T) {
	f := newFake()
	g := New(f, Config{Name: "green", Every: -1})
	defer g.Close()
	enter(t, g, "a", "b")
	before := len(f.told["b"])
	enter(t, g, "a")
	if len(f.told["b"]) != before {
		t.Errorf("b was told %+v", f.told["b"][before:])
	}
	if got := f.told["a"]; got[len(got)-2].Type != "group" || got[len(got)-1].Type != "shown" {
		t.Errorf("a was told %+v", got)
	}
	must(t, g.Data("a", []byte(`{"type":"hello","key":"another key"}`)))
	if got := f.last(t, "b", "group"); got.Members[0].Key != "another key" {
		t.Errorf("a new key, and b was told %+v", got)
	}
	if got := f.last(t, "a", "shown"); len(got.Slots) != 7 {
		t.Errorf("%d slots, not 7", len(got.Slots))
	}
}

func TestLimits(t *testing.T) {
	f := newFake()
	g := New(f, Config{Members: 2, Every: -1})
	defer g.Close()
	enter(t, g, "a", "b")
	if err := g.Join("c"); !errors.Is(err, ErrFull) {
		t.Errorf("a third of two: %v", err)
	}
	for _, said := range []string{``, `[]`, `{"type":"hello"}`, `{"type":"tell","to":"b"}`, "{\"type\":\"tell\",\"data\":\"\xff\"}"} {
		if err := g.Data("a", []byte(said)); !errors.Is(err, ErrMessage) {
			t.Errorf("%q: %v", said, err)
		}
	}
	if err := g.Data("a", []byte(`{"type":"of a later version"}`)); err != nil {
		t.Errorf("what it does not know it passes over: %v", err)
	}
}

// How large each slot is on the screen goes to the server, and what nobody gets is told to who sends it: once, and again to who
// comes back.
func TestLayers(t *testing.T) {
	f := newFake()
	g := New(f, Config{Members: 3, Every: -1})
	defer g.Close()
	enter(t, g, "a", "b")
	must(t, g.Data("a", []byte(`{"type":"views","sizes":[null,[0,0],[640,360],[1,1]]}`)))
	if diff := cmp.Diff([]string{"a/1 0×0"}, f.views); diff != "" {
		t.Errorf("views of a call with two slots (-want +got):\n%s", diff)
	}
	count := func() (n int) {
		for _, m := range f.told["a"] {
			if m.Type == "taken" {
				n++
			}
		}
		return n
	}
	g.hear()
	if n := count(); n != 0 {
		t.Errorf("who sends one encoding was told %d times", n)
	}
	for range 2 {
		f.taken = map[string][]string{"a": {"l", "h"}}
		g.hear()
	}
	if got := f.last(t, "a", "taken"); cmp.Diff([]string{"l", "h"}, got.Layers) != "" || count() != 1 {
		t.Errorf("told %d times: %+v", count(), got)
	}
	enter(t, g, "a")
	g.hear()
	if count() != 2 {
		t.Error("who came back was not told again")
	}
}
