package signaling_test

import (
	"net/http"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

func TestDrainEndsMatchesAndClosesEverything(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob, cid := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid")
	meet(ann, bob)
	cid.find(protocol.ModeText)
	expect[*protocol.Waiting](cid)
	if err := n.hub.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := n.hub.Stats(); s != (signaling.Stats{}) {
		t.Errorf("stats: %+v", s)
	}
	for _, c := range []*client{ann, bob} {
		if e := expect[*protocol.Ended](c); e.Reason != protocol.EndDrain {
			t.Fatalf("ended: %+v", e)
		}
		c.closed()
	}
	if e := cid.refused(protocol.Draining); e.Fatal || e.RetryAfterMS == 0 {
		t.Fatalf("draining: %+v", e)
	}
	cid.closed()
	_, resp, err := n.dial(t, nil)
	if err == nil {
		t.Fatal("accepted after the drain")
	}
	wantHTTPError(t, resp, http.StatusServiceUnavailable, protocol.Draining)
}

func TestDrainLeavesMatchesTheirGrace(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{DrainGrace: time.Minute})
	n := w.nodes[0]
	ann, bob, cid, dan := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid"), n.enter(t, "dan")
	m, _ := meet(ann, bob)
	cid.find(protocol.ModeText)
	expect[*protocol.Waiting](cid)
	drained := make(chan error, 1)
	go func() { drained <- n.hub.Drain(t.Context()) }()
	cid.refused(protocol.Draining)
	until(t, "who looks is refused", func() bool {
		dan.send(&protocol.Next{Head: protocol.Re("n")})
		e := expect[*protocol.Error](dan)
		return e.Code == protocol.Draining && e.ID == "n" && !e.Fatal
	})
	ann.send(&protocol.Text{Match: m.Match, N: 1, Body: body("goodbye")})
	expect[*protocol.PartnerText](bob)
	bob.send(&protocol.Leave{}) // the last match ends, and the drain goes on at once
	expect[*protocol.Left](bob)
	expect[*protocol.Ended](ann)
	if err := <-drained; err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{ann, bob, cid, dan} {
		c.closed()
	}
}
