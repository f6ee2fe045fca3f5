package sfu_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"passerby/sfu"
	"passerby/sfu/group"
)

// groupEvents hands what browsers say to their group.
type groupEvents struct {
	*recorder
	group *group.Group
	t     testing.TB
}

func (e *groupEvents) Data(id string, b []byte) {
	if err := e.group.Data(id, b); err != nil {
		e.t.Errorf("%s: %v", id, err)
	}
}

type shown struct {
	Type, Speaker, From, Data string
	Slots                     []string
	Members                   []group.Member
}

// hears waits until the group has told what is wanted; meanwhile speaks.
func (c *crowdClient) hears(what string, speaks func(), wanted func(shown) bool) shown {
	c.t.Helper()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	var last string
	for {
		select {
		case last = <-c.messages:
			var m shown
			if err := json.Unmarshal([]byte(last), &m); err != nil {
				c.t.Fatal(err)
			}
			if wanted(m) {
				return m
			}
		case <-again.C:
			if speaks != nil {
				speaks()
			}
		case <-deadline:
			c.t.Fatalf("%s was not told %s; the last word: %s", c.id, what, last)
		}
	}
}

// TestGroupOfFour: four people, each shown two of the others; a fifth of a second of speech brings the fourth to the eyes of
// all, without an offer.
func TestGroupOfFour(t *testing.T) {
	events := &groupEvents{recorder: newRecorder(), t: t}
	s, _ := mustListen(t, func(c *sfu.Config) { c.Events = events })
	g := group.New(s, group.Config{Name: "four", Members: 4, Slots: 2, Every: 20 * time.Millisecond})
	defer g.Close()
	events.group = g
	people := map[string]*crowdClient{}
	names := []string{"a", "b", "c", "d"}
	for _, id := range names {
		if err := g.Join(id); err != nil {
			t.Fatal(err)
		}
		c := newCrowdClient(t, s, id, 2)
		if err := c.offer(nil); err != nil {
			t.Fatal(err)
		}
		<-c.open
		if err := c.dc.SendText(fmt.Sprintf(`{"type":"hello","key":"key of %s"}`, id)); err != nil {
			t.Fatal(err)
		}
		c.hears("of himself", nil, func(m shown) bool { return m.Type == "shown" })
		people[id] = c
	}
	a := people["a"]
	a.hears("of all four", nil, func(m shown) bool { return len(m.Members) == 4 })
	if err := people["d"].dc.SendText(`{"type":"tell","to":"a","data":"sealed"}`); err != nil {
		t.Fatal(err)
	}
	a.hears("what d tells", nil, func(m shown) bool { return m.From == "d" && m.Data == "sealed" })

	d := people["d"]
	at := a.hears("that d speaks", func() { d.speak(20, 'd') }, func(m shown) bool { return m.Speaker == "d" })
	slot := slices.Index(at.Slots, "d")
	if slot < 0 {
		t.Fatalf("a sees %q while d speaks", at.Slots)
	}
	d.sendVideo(true, 0, 'd', 1)
	d.speak(20, 'd')
	for a.sees(slot, true).tag() != 'd' {
	}
	for a.sees(slot, false).tag() != 'd' {
	}
	s.Remove("d")
	if left := g.Leave("d"); left != 3 {
		t.Errorf("%d are left", left)
	}
	a.hears("that d left", nil, func(m shown) bool { return m.Type == "shown" && !slices.Contains(m.Slots, "d") })
}
