package signaling_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// moves goes on at another node beside the old connection, which stays open.
func (n *node) moves(t *testing.T, old *client) *client {
	t.Helper()
	c := n.connect(t, old.name)
	c.send(&protocol.Hello{Head: protocol.Re("h"), Token: "user-" + old.name + "/" + old.session, Resume: old.resume, Beside: true})
	w := expect[*protocol.Welcome](c)
	if !w.Resumed || w.Media {
		t.Fatalf("welcome: %+v", w)
	}
	c.session, c.resume = w.Session, w.Resume
	return c
}

// drains begins to drain a node; the answer is what Drain returned.
func (n *node) drains(t *testing.T, within time.Duration) <-chan error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	t.Cleanup(cancel)
	done := make(chan error, 1)
	go func() { done <- n.hub.Drain(ctx) }()
	return done
}

// TestDrainSendsEverybodyOn: ann talks with picture, cid waits, dan does nothing. All are asked to go, nobody hears of a break.
func TestDrainSendsEverybodyOn(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Minute})
	one, two := w.nodes[0], w.nodes[1]
	ann, bob, cid, dan := one.enter(t, "ann"), two.enter(t, "bob"), one.enter(t, "cid"), one.enter(t, "dan")
	ann.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](ann)
	m, _ := meet(ann, bob)
	cid.find(protocol.ModeVideo)
	waiting := expect[*protocol.Waiting](cid)
	done := one.drains(t, 2*patience)
	for _, c := range []*client{ann, cid, dan} {
		if moved := expect[*protocol.Moved](c); moved.WithinMS <= 0 {
			t.Errorf("%s: %+v", c.name, moved)
		}
	}
	_, resp, err := one.dial(t, nil)
	if err == nil {
		t.Fatal("somebody was taken in by a node that drains")
	}
	wantHTTPError(t, resp, http.StatusServiceUnavailable, protocol.Draining)
	talk(ann, bob, m.Match, 1) // until they go all is as it was

	old := ann
	ann = two.moves(t, old)
	if snap := expect[*protocol.Matched](ann); snap.Match != m.Match || snap.Sent != 1 {
		t.Fatalf("snapshot: %+v", snap)
	}
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerOnline { // and nothing of a break before
		t.Fatalf("partner: %+v", p)
	}
	old.closed()
	talk(ann, bob, m.Match, 2)
	cid, dan = two.moves(t, cid), two.moves(t, dan)
	if again := expect[*protocol.Waiting](cid); again.Since != waiting.Since {
		t.Fatalf("waiting: %+v, before: %+v", again, waiting)
	}
	until(t, "only ann's picture is left", func() bool { return one.hub.Stats().Sessions == 0 })
	select {
	case err := <-done:
		t.Fatalf("the node did not wait for ann's picture: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if w.media.has("remove s-ann") {
		t.Fatal("ann's picture was ended")
	}
	one.hub.MediaEvent("s-ann", signaling.MediaDisconnected) // her client has closed the connection
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !w.media.has("remove s-ann") {
		t.Error("ann's media is still there")
	}
	dan.find(protocol.ModeVideo)
	expect[*protocol.Matched](cid)
	if out, in := one.metric(t, "drained_total", "beside"), two.metric(t, "taken_over_total", "beside"); out != 3 || in != 3 {
		t.Errorf("counted as moved without a break: %v there, %v here, want 3", out, in)
	}
	if n := one.metric(t, "drained_total", ""); n != 3 {
		t.Errorf("%v people were counted, want 3", n)
	}
	if one.metric(t, "drain_seconds", "") <= 0 || two.metric(t, "drain_seconds", "") != 0 {
		t.Error("one node drains, and the other does not")
	}
}

// TestDrainHasAnEnd: who does not go is let go, and finds everything elsewhere.
func TestDrainHasAnEnd(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Minute, Parting: time.Hour})
	one, two := w.nodes[0], w.nodes[1]
	ann, bob := one.enter(t, "ann"), two.enter(t, "bob")
	cid := one.enter(t, "cid")
	cid.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](cid)
	m, _ := meet(ann, bob)
	done := one.drains(t, 3*time.Second)
	expect[*protocol.Moved](ann)
	expect[*protocol.Moved](cid)
	two.moves(t, cid) // and never closes what is left of her there
	ann.closed()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	ann = two.resume(t, ann)
	if snap := expect[*protocol.Matched](ann); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	if in := two.metric(t, "taken_over_total", ""); in != 2 || two.metric(t, "taken_over_total", "beside") != 1 {
		t.Errorf("%v taken over, want cid beside and ann after a break", in)
	}
	for way, want := range map[string]float64{"beside": 1, "left": 1, "break": 0} {
		if n := one.metric(t, "drained_total", way); n != want {
			t.Errorf("drained, %s: %v, want %v", way, n, want)
		}
	}
	one.stop()
	if !w.media.has("remove s-cid") {
		t.Error("cid's media is still there")
	}
}

// TestOldNodeHearsOfAMoveByItself: it wants to write the session down before the word of the new owner is there, and is told that it may
// not. Picture and sound go on all the same.
func TestOldNodeHearsOfAMoveByItself(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Millisecond})
	one, two := w.nodes[0], w.nodes[1]
	ann := one.enter(t, "ann")
	ann.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](ann)
	one.drains(t, 2*patience)
	expect[*protocol.Moved](ann)
	one.leaveBus()
	there := two.moves(t, ann)
	ann.find(protocol.ModeText) // on the connection that is no more
	ann.closed()
	if w.media.has("remove s-ann") {
		t.Error("the media was ended")
	}
	there.quiet()
}

// TestNodesThatDoNotReachEachOther: of two who should see each other one goes; who writes alone, or sits elsewhere, is left in peace.
func TestNodesThatDoNotReachEachOther(t *testing.T) {
	w := newCluster(t, 3, signaling.Config{Handover: time.Minute})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	cid, dan := w.nodes[0].enter(t, "cid"), w.nodes[1].enter(t, "dan")
	ann.find(protocol.ModeVideo)
	expect[*protocol.Waiting](ann)
	bob.find(protocol.ModeVideo)
	m := expect[*protocol.Matched](bob)
	expect[*protocol.Matched](ann)
	cid.find(protocol.ModeText)
	expect[*protocol.Waiting](cid)
	dan.find(protocol.ModeText)
	expect[*protocol.Matched](dan)
	expect[*protocol.Matched](cid)
	tell := func() {
		w.nodes[0].hub.Estranged("node-1")
		w.nodes[1].hub.Estranged("node-0")
	}
	tell()
	if moved := expect[*protocol.Moved](ann); moved.WithinMS != 0 {
		t.Errorf("%+v", moved)
	}
	ann = w.nodes[2].moves(t, ann)
	expect[*protocol.Matched](ann)
	expect[*protocol.Partner](bob)
	tell()
	talk(ann, bob, m.Match, 1)
	for _, c := range []*client{ann, bob, cid, dan} {
		c.quiet()
	}
}

// TestBackBesideAtTheSameNode: a session that is back where its media was kept begins anew there.
func TestBackBesideAtTheSameNode(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Minute})
	one, two := w.nodes[0], w.nodes[1]
	ann := one.enter(t, "ann")
	ann.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](ann)
	there := two.moves(t, ann)
	until(t, "the first node has let go of the session", func() bool { return one.hub.Stats().Sessions == 0 })
	if w.media.has("remove s-ann") {
		t.Fatal("the media was ended")
	}
	back := one.moves(t, there)
	if !w.media.has("remove s-ann") {
		t.Error("media of a life before is still there")
	}
	one.hub.MediaEvent("s-ann", signaling.MediaDisconnected)
	back.quiet()
}
