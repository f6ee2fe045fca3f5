package signaling_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/protocol"
)

// talk lets two clients say something to each other in a match.
func talk(a, b *client, match string, n uint64) {
	a.t.Helper()
	for _, way := range [][2]*client{{a, b}, {b, a}} {
		way[0].send(&protocol.Text{Match: match, N: n, Body: body(way[0].name)})
		if text := expect[*protocol.PartnerText](way[1]); text.N != n || text.Body != body(way[0].name) {
			a.t.Fatalf("text: %+v", text)
		}
	}
}

func TestResumeOnAnotherNode(t *testing.T) {
	w := newCluster(t, 3, signaling.Config{Handover: time.Minute})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	m, _ := meet(ann, bob)
	fed := func(session, from, node string) {
		t.Helper()
		until(t, "media comes from where the partner lives", func() bool {
			return w.media.has(fmt.Sprintf("route %s from %q on %q", session, from, node))
		})
	}
	fed("s-bob", "s-ann", "node-0")
	fed("s-ann", "s-bob", "node-1")
	talk(ann, bob, m.Match, 1)
	ann.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](ann)
	_ = ann.ws.Close()
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	ann = w.nodes[2].resume(t, ann)
	if ann.media {
		t.Error("the node says that it has the peer connection, which leads to another")
	}
	if snap := expect[*protocol.Matched](ann); snap.Match != m.Match || !snap.Resumed || snap.Sent != 1 {
		t.Fatalf("snapshot: %+v", snap) // the count was handed over, though nobody saved it
	}
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerOnline {
		t.Fatalf("partner: %+v", p)
	}
	talk(ann, bob, m.Match, 2)
	fed("s-bob", "s-ann", "node-2")
	until(t, "the first node has forgotten the session", func() bool { return w.nodes[0].hub.Stats() == (signaling.Stats{}) })
	if w.queue.has("leave s-ann left") || w.queue.has("leave s-ann lost") {
		t.Error("the first node left the match")
	}
	ann = w.nodes[0].resume(t, ann) // and back
	expect[*protocol.Matched](ann)
	expect[*protocol.Partner](bob)
	talk(ann, bob, m.Match, 3)
}

func TestNewestTabWinsAcrossNodes(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Minute})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[0].enter(t, "bob")
	m, _ := meet(ann, bob)
	second := w.nodes[1].resume(t, ann)
	if e := ann.refused(protocol.Replaced); !e.Fatal {
		t.Fatalf("replaced: %+v", e)
	}
	ann.closed()
	if snap := expect[*protocol.Matched](second); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	expect[*protocol.Partner](bob) // online: what went to the first node is sent again
	talk(second, bob, m.Match, 1)

	third := w.nodes[0].connect(t, "ann") // without the secret: afresh
	if got := third.hello("user-ann/s-ann", "wrong"); got.Resumed || got.Session != "s-ann" {
		t.Fatalf("welcome: %+v", got)
	}
	second.refused(protocol.Replaced)
	second.closed()
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	third.quiet()
	third.find(protocol.ModeText)
	expect[*protocol.Waiting](third)
	until(t, "one session each", func() bool { return w.nodes[0].hub.Stats().Sessions == 2 && w.nodes[1].hub.Stats().Sessions == 0 })
}

func TestResumeWhileWaitingOnAnotherNode(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{})
	ann := w.nodes[0].enter(t, "ann")
	ann.find(protocol.ModeVideo)
	waiting := expect[*protocol.Waiting](ann)
	ann = w.nodes[1].resume(t, ann)
	if again := expect[*protocol.Waiting](ann); again.Since != waiting.Since {
		t.Fatalf("waiting: %+v, before: %+v", again, waiting)
	}
	w.queue.set(func() { w.queue.hubs["node-0"] = w.nodes[1].hub }) // hints follow the node that asks
	bob := w.nodes[0].enter(t, "bob")
	bob.find(protocol.ModeVideo)
	m := expect[*protocol.Matched](bob)
	expect[*protocol.Matched](ann)
	expect[*protocol.Partner](bob) // she tells where she is
	talk(ann, bob, m.Match, 1)
}

// TestNodeCutOff plays a node that cannot be reached and does not know it: its session is taken from what it saved.
func TestNodeCutOff(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{Handover: time.Millisecond, Heartbeat: 50 * time.Millisecond, Resume: 10 * time.Second})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	m, _ := meet(ann, bob)
	w.nodes[0].leaveBus()
	w.nodes[1].hub.NodeGone("node-0")
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	second := w.nodes[1].resume(t, ann)
	if snap := expect[*protocol.Matched](second); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerOnline {
		t.Fatalf("partner: %+v", p)
	}
	talk(second, bob, m.Match, 1)
	ann.send(&protocol.Next{}) // by the old node, which must not save it, nor do it
	ann.refused(protocol.Replaced)
	ann.closed()
	until(t, "the old node has forgotten the session", func() bool { return w.nodes[0].hub.Stats().Sessions == 0 })
	talk(second, bob, m.Match, 2)
}

// TestBothMoveAtOnce: neither is told where the other went, and each finds the other.
func TestBothMoveAtOnce(t *testing.T) {
	w := newCluster(t, 4, signaling.Config{Handover: time.Millisecond, Heartbeat: 20 * time.Millisecond})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	m, _ := meet(ann, bob)
	w.nodes[0].leaveBus()
	w.nodes[1].leaveBus()
	ann, bob = w.nodes[2].resume(t, ann), w.nodes[3].resume(t, bob)
	expect[*protocol.Matched](ann)
	expect[*protocol.Matched](bob)
	for _, way := range [][2]*client{{ann, bob}, {bob, ann}} {
		way[0].send(&protocol.Text{Match: m.Match, N: 1, Body: body("x")})
		tick := time.NewTicker(50 * time.Millisecond) // the client sends again until it is acknowledged
		defer tick.Stop()
		for got := false; !got; {
			select {
			case in := <-way[1].in:
				_, got = in.(*protocol.PartnerText)
			case <-tick.C:
				way[0].send(&protocol.Text{Match: m.Match, N: 1, Body: body("x")})
			}
		}
	}
}

func TestTokensAcrossNodes(t *testing.T) {
	w := newCluster(t, 2, signaling.Config{})
	ann := w.nodes[0].enter(t, "ann")
	for name, c := range map[string]struct {
		token, resume string
		want          protocol.Code
	}{
		"expired, wrong secret":      {"expired:user-ann/s-ann", "wrong", protocol.TokenExpired},
		"expired, no secret":         {"expired:user-ann/s-ann", "", protocol.TokenExpired},
		"another user's valid token": {"user-eve/s-ann", "", protocol.TokenInvalid},
		"expired, nothing there":     {"expired:user-bob/s-bob", "x", protocol.TokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			eve := w.nodes[1].connect(t, "eve")
			eve.send(&protocol.Hello{Head: protocol.Re("h"), Token: c.token, Resume: c.resume})
			if e := eve.refused(c.want); e.ID != "h" || !e.Fatal {
				t.Errorf("error: %+v", e)
			}
			eve.closed()
		})
	}
	ann.quiet()
	until(t, "nothing is left of them", func() bool { return w.nodes[1].hub.Stats().Sessions == 0 })
	again := w.nodes[1].connect(t, "ann") // expired, and with the secret
	if got := again.hello("expired:user-ann/s-ann", ann.resume); !got.Resumed {
		t.Errorf("welcome: %+v", got)
	}
}

func TestStoreAway(t *testing.T) {
	w := newCluster(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	w.store.set(func() { w.store.fail = errors.New("no connection") })
	m, _ := meet(ann, bob) // who is here goes on
	talk(ann, bob, m.Match, 1)
	ann = n.resume(t, ann)
	expect[*protocol.Matched](ann)
	cid := n.connect(t, "cid")
	cid.send(&protocol.Hello{Token: "user-cid/s-cid"})
	if e := cid.refused(protocol.ServerFull); e.RetryAfterMS == 0 {
		t.Errorf("error: %+v", e)
	}
	cid.closed()
	w.store.set(func() { w.store.fail = nil })
	n.enter(t, "cid")
}

func TestIdleSessionsAreSavedSeldom(t *testing.T) {
	w := newCluster(t, 1, signaling.Config{Heartbeat: 16 * time.Millisecond})
	ann := w.nodes[0].enter(t, "ann")
	ann.find(protocol.ModeText)
	expect[*protocol.Waiting](ann)
	saves := 0
	beats := func(n int) {
		start := w.queue.renewals.Load()
		until(t, "heartbeats", func() bool { return w.queue.renewals.Load() >= start+int64(n) })
	}
	beats(3)
	w.store.set(func() { saves = w.store.saves })
	beats(12)
	w.store.set(func() { saves = w.store.saves - saves })
	if saves > 1 {
		t.Errorf("%d saves while nothing happened", saves)
	}
}

func TestWhoDoesTooMuchIsAskedToWait(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	w.allow = func(act signaling.Act, user string) (bool, time.Duration) { return false, 1500 * time.Millisecond }
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	for _, m := range []protocol.Message{
		&protocol.Find{Head: protocol.Re("x"), Mode: protocol.ModeText, Key: "p256:k"}, &protocol.Next{Head: protocol.Re("x")},
		&protocol.Report{Head: protocol.Re("x"), Match: "m", Reason: "spam"},
	} {
		ann.send(m)
		if e := ann.refused(protocol.RateLimited); e.ID != "x" || e.RetryAfterMS != 1500 || e.Fatal {
			t.Errorf("%s: %+v", m.Type(), e)
		}
	}
	ann.send(&protocol.Leave{Head: protocol.Re("l")})
	expect[*protocol.Left](ann)
}

func TestEndedSessionsAreForgotten(t *testing.T) {
	w := newCluster(t, 1, signaling.Config{Resume: 50 * time.Millisecond})
	ann := w.nodes[0].enter(t, "ann")
	_ = ann.ws.Close()
	until(t, "the session is gone", func() bool { return w.nodes[0].hub.Stats().Sessions == 0 })
	left := 0
	w.store.set(func() { left = len(w.store.saved) })
	if left != 0 {
		t.Errorf("%d sessions are left in the store", left)
	}
}

// A node that has missed that a session moved away takes it from nobody when its client comes back there.
func TestNodeThatMissedAMove(t *testing.T) {
	w := newCluster(t, 1, signaling.Config{})
	n := w.nodes[0]
	for i := range 20 {
		ann := n.enter(t, fmt.Sprint("ann-", i))
		w.store.set(func() { w.store.owner[ann.session] = "node-far" })
		again := n.connect(t, ann.name)
		again.send(&protocol.Hello{Token: "user-" + ann.name + "/" + ann.session, Resume: ann.resume})
		again.refused(protocol.Replaced)
		again.closed()
		w.store.set(func() {
			if owner := w.store.owner[ann.session]; owner != "node-far" {
				t.Errorf("session %d is on %s", i, owner)
			}
		})
	}
}
