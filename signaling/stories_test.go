package signaling_test

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"passerby/signaling"
	"passerby/signaling/machine"
	"passerby/signaling/protocol"
)

func TestTwoStrangersMeetTalkAndPart(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")

	ann.send(&protocol.Offer{Head: protocol.Re("o"), SDP: "v=0 ann"})
	if a := expect[*protocol.Answer](ann); a.ID != "o" || a.SDP != "answer to v=0 ann" {
		t.Fatalf("answer: %+v", a)
	}
	ofAnn, ofBob := meet(ann, bob)
	if ofAnn.Match != ofBob.Match || !ofAnn.Initiator || ofBob.Initiator {
		t.Fatalf("matched: %+v and %+v", ofAnn, ofBob)
	}
	if ofAnn.Peer.Key != "p256:bob" || ofBob.Peer.Key != "p256:ann" || ofBob.ID != "f" {
		t.Fatalf("matched: %+v and %+v", ofAnn, ofBob)
	}
	want := machine.FormatKeyID(machine.KeyID(ofAnn.Match, "p256:ann", "p256:bob"))
	if ofAnn.KeyID != want || ofBob.KeyID != want {
		t.Fatalf("key ids %s and %s, want %s", ofAnn.KeyID, ofBob.KeyID, want)
	}
	until(t, "both are routed", func() bool {
		return w.media.has(fmt.Sprintf("route s-ann from %q key %s", "s-bob", want)) &&
			w.media.has(fmt.Sprintf("route s-bob from %q key %s", "s-ann", want))
	})

	ann.send(&protocol.Keyed{Match: ofAnn.Match})
	bob.send(&protocol.Shown{Match: ofAnn.Match})
	ann.send(&protocol.Text{Match: ofAnn.Match, N: 1, Body: body("hi")})
	text := expect[*protocol.PartnerText](bob)
	tag, _ := base64.RawURLEncoding.DecodeString(text.Tag)
	if text.N != 1 || text.Body != body("hi") || string(tag) != ofAnn.Match+"|s-ann|1|32" || text.At == 0 {
		t.Fatalf("text: %+v, tag %s", text, tag)
	}
	bob.send(&protocol.Ack{Head: protocol.Re("private"), Match: ofAnn.Match, N: 1})
	if a := expect[*protocol.Ack](ann); a.N != 1 || a.Match != ofAnn.Match || a.ID != "" {
		t.Fatalf("ack: %+v", a)
	}
	bob.send(&protocol.Signal{Match: ofAnn.Match, Data: "opaque"})
	if s := expect[*protocol.Signal](ann); s.Data != "opaque" {
		t.Fatalf("signal: %+v", s)
	}
	if !w.media.has("keyed s-ann") || !w.media.has("shown s-bob") {
		t.Error("keyed or shown did not reach the media")
	}

	ann.send(&protocol.Leave{Head: protocol.Re("l")})
	if l := expect[*protocol.Left](ann); l.ID != "l" {
		t.Fatalf("left: %+v", l)
	}
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft || e.Match != ofAnn.Match {
		t.Fatalf("ended: %+v", e)
	}
	bob.send(&protocol.Text{Match: ofAnn.Match, N: 1, Body: body("too late")})
	ann.quiet()
	bob.quiet()
}

func TestNextMeetsSomebodyElse(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob, cid := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid")
	ann.send(&protocol.Next{Head: protocol.Re("n")})
	if e := ann.refused(protocol.WrongState); e.ID != "n" || e.Fatal {
		t.Fatalf("next before find: %+v", e)
	}
	first, _ := meet(ann, bob)
	cid.find(protocol.ModeVideo)
	expect[*protocol.Waiting](cid)
	ann.send(&protocol.Next{Head: protocol.Re("n"), Key: "p256:ann2"})
	second := expect[*protocol.Matched](ann)
	if second.ID != "n" || second.Match == first.Match || second.Peer.Key != "p256:cid" {
		t.Fatalf("second match: %+v", second)
	}
	if m := expect[*protocol.Matched](cid); m.Peer.Key != "p256:ann2" {
		t.Fatalf("matched with %q, want the fresh key", m.Peer.Key)
	}
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndNext || e.Match != first.Match {
		t.Fatalf("ended: %+v", e)
	}
	bob.quiet()
}

func TestBlockAndReportEndTheMatchAndKeepApart(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	ann.send(&protocol.Report{Head: protocol.Re("r"), Match: m.Match, Reason: "spam", Note: "n"})
	if e := expect[*protocol.Ended](ann); e.Reason != protocol.EndBlocked {
		t.Fatalf("ended: %+v", e)
	}
	if r := expect[*protocol.Reported](ann); r.ID != "r" || r.Match != m.Match {
		t.Fatalf("reported: %+v", r)
	}
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	if !w.queue.has("block user-ann user-bob") || n.metric(t, "reports_total", "spam") != 1 {
		t.Error("the report was not counted, or the two were not kept apart")
	}
	ann.send(&protocol.Report{Match: m.Match, Reason: "spam"})
	ann.send(&protocol.Report{Match: m.Match, Reason: "other"})
	expect[*protocol.Reported](ann)
	expect[*protocol.Reported](ann)
	if got := n.metric(t, "reports_total", ""); got != 1 {
		t.Errorf("three reports of one match by one person count as %v", got)
	}
	bob.send(&protocol.Block{Head: protocol.Re("b"), Match: m.Match}) // it is over, and still the last one
	if b := expect[*protocol.Blocked](bob); b.ID != "b" || b.Match != m.Match {
		t.Fatalf("blocked: %+v", b)
	}
	bob.send(&protocol.Block{Match: "another"})
	bob.refused(protocol.NoMatch)

	cid, dan := n.enter(t, "cid"), n.enter(t, "dan")
	first := m
	meet(bob, cid)
	bob.send(&protocol.Report{Match: first.Match, Reason: "threat"}) // of Ann, while he is with Cid
	if r := expect[*protocol.Reported](bob); r.Match != first.Match || !w.queue.has("block user-bob user-ann") {
		t.Fatalf("reported: %+v", r)
	}
	bob.send(&protocol.Leave{})
	expect[*protocol.Left](bob)
	expect[*protocol.Ended](cid)

	m, _ = meet(cid, dan)
	cid.send(&protocol.Block{Match: m.Match})
	expect[*protocol.Ended](cid)
	expect[*protocol.Blocked](cid)
	if e := expect[*protocol.Ended](dan); e.Reason != protocol.EndBlocked {
		t.Fatalf("ended: %+v", e)
	}
}

func TestResumeInAMatchBringsTheSnapshot(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	ann.send(&protocol.Text{Match: m.Match, N: 1, Body: body("1")})
	ann.send(&protocol.Text{Match: m.Match, N: 2, Body: body("2")})
	bob.send(&protocol.Text{Match: m.Match, N: 1, Body: body("1")})
	expect[*protocol.PartnerText](bob)
	expect[*protocol.PartnerText](bob)
	expect[*protocol.PartnerText](ann)
	ann.send(&protocol.Ack{Match: m.Match, N: 1})
	expect[*protocol.Ack](bob)
	ann.send(&protocol.Offer{SDP: "v=0"})
	expect[*protocol.Answer](ann)

	_ = ann.ws.Close()
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerReconnecting || p.Match != m.Match {
		t.Fatalf("partner: %+v", p)
	}
	bob.send(&protocol.Text{Match: m.Match, N: 2, Body: body("into the void")})
	bob.quiet()
	back := n.resume(t, ann)
	if !back.media {
		t.Error("the node says that it has no peer connection")
	}
	snap := expect[*protocol.Matched](back)
	if !snap.Resumed || snap.Match != m.Match || snap.Sent != 2 || snap.Acked != 1 || snap.KeyID != m.KeyID {
		t.Fatalf("snapshot: %+v", snap)
	}
	if p := expect[*protocol.Partner](bob); p.State != protocol.PartnerOnline {
		t.Fatalf("partner: %+v", p)
	}
	bob.send(&protocol.Text{Match: m.Match, N: 2, Body: body("again")})
	if text := expect[*protocol.PartnerText](back); text.Body != body("again") {
		t.Fatalf("text: %+v", text)
	}

	back.send(&protocol.Rekey{Head: protocol.Re("k"), Match: m.Match, Key: "p256:ann-anew"})
	own, other := expect[*protocol.Matched](back), expect[*protocol.Matched](bob)
	want := machine.FormatKeyID(machine.KeyID(m.Match, "p256:ann-anew", "p256:bob"))
	if own.ID != "k" || !own.Resumed || own.KeyID != want {
		t.Fatalf("matched after rekey: %+v", own)
	}
	if !other.Resumed || other.KeyID != want || other.Peer.Key != "p256:ann-anew" || other.Sent != 2 {
		t.Fatalf("partner's matched after rekey: %+v", other)
	}
	until(t, "the partner is routed under the new key id", func() bool {
		return w.media.has(fmt.Sprintf("route s-bob from %q key %s", "s-ann", want))
	})
}

func TestBothGoneAtOnce(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	_ = ann.ws.Close()
	_ = bob.ws.Close()
	until(t, "both are detached", func() bool { return n.hub.Stats().Connections == 0 })
	back := n.resume(t, ann)
	if snap := expect[*protocol.Matched](back); snap.Match != m.Match {
		t.Fatalf("snapshot: %+v", snap)
	}
	// Whether the partner was known to be away before the snapshot or after it, it is told once.
	if p := expect[*protocol.Partner](back); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	n.resume(t, bob)
	if p := expect[*protocol.Partner](back); p.State != protocol.PartnerOnline {
		t.Fatalf("partner: %+v", p)
	}
}

func TestResumeWhileWaitingKeepsThePlace(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann := n.enter(t, "ann")
	ann.find(protocol.ModeText)
	waiting := expect[*protocol.Waiting](ann)
	_ = ann.ws.Close()
	until(t, "ann has left the queue", func() bool { return w.queue.has("leave s-ann left") })
	back := n.resume(t, ann)
	if again := expect[*protocol.Waiting](back); again.Since != waiting.Since || again.Mode != protocol.ModeText {
		t.Fatalf("waiting again: %+v, before: %+v", again, waiting)
	}
	if !w.queue.has("arrive s-ann kept=true") {
		t.Error("the place was not kept")
	}
}

func TestEndThatHappenedMeanwhileIsTold(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	_ = ann.ws.Close()
	expect[*protocol.Partner](bob)
	bob.send(&protocol.Leave{})
	expect[*protocol.Left](bob)
	back := n.resume(t, ann)
	if e := expect[*protocol.Ended](back); e.Match != m.Match || e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
	back.find(protocol.ModeVideo)
	expect[*protocol.Waiting](back)
	back.send(&protocol.Leave{})
	expect[*protocol.Left](back)
	_ = back.ws.Close()
	until(t, "detached", func() bool { return n.hub.Stats().Connections == 1 })
	n.resume(t, back).quiet()
}

func TestSessionEndsAfterTheWindow(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Resume: 100 * time.Millisecond})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	_ = ann.ws.Close()
	expect[*protocol.Partner](bob)
	if e := expect[*protocol.Ended](bob); e.Reason != protocol.EndLost || e.Match != m.Match {
		t.Fatalf("ended: %+v", e)
	}
	until(t, "the session is gone", func() bool { return n.hub.Stats().Sessions == 1 && w.media.has("remove s-ann") })
	again := n.connect(t, "ann")
	if got := again.hello("user-ann/s-ann", ann.resume); got.Resumed || got.Session != "s-ann" {
		t.Fatalf("welcome: %+v", got)
	}
	again.quiet()
}

func TestTextTravelsByWhateverIsOpen(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, _ := meet(ann, bob)
	channel := w.media.open("s-bob")
	n.hub.MediaEvent("s-bob", signaling.ChannelOpen)

	// From Ann's data channel to Bob's.
	n.hub.Data("s-ann", protocol.Append(nil, &protocol.Text{Match: m.Match, N: 1, Body: body("a")}))
	got, err := protocol.ParseServer(<-channel)
	if text, ok := got.(*protocol.PartnerText); err != nil || !ok || text.N != 1 || text.Tag == "" {
		t.Fatalf("over the channel: %v, %v", got, err)
	}
	// From Ann's socket to Bob's data channel, also while Bob has no socket.
	_ = bob.ws.Close()
	expect[*protocol.Partner](ann)
	ann.send(&protocol.Text{Match: m.Match, N: 2, Body: body("b")})
	if got, _ := protocol.ParseServer(<-channel); got.(*protocol.PartnerText).N != 2 {
		t.Fatalf("over the channel: %v", got)
	}
	n.hub.Data("s-bob", protocol.Append(nil, &protocol.Ack{Match: m.Match, N: 2}))
	if a := expect[*protocol.Ack](ann); a.N != 2 {
		t.Fatalf("ack: %+v", a)
	}
	// The channel closes, Bob is back: the socket it is.
	w.media.shut("s-bob")
	bob = n.resume(t, bob)
	if snap := expect[*protocol.Matched](bob); snap.Acked != 2 {
		t.Fatalf("snapshot: %+v", snap)
	}
	n.hub.Data("s-ann", protocol.Append(nil, &protocol.Text{Match: m.Match, N: 3, Body: body("c")}))
	if text := expect[*protocol.PartnerText](bob); text.N != 3 {
		t.Fatalf("text: %+v", text)
	}
	if by := n.metric(t, "relayed_total", "channel"); by != 2 {
		t.Errorf("%v by channel, want 2", by)
	}
}

func TestMatchAcrossNodes(t *testing.T) {
	w := newWorld(t, 2, signaling.Config{})
	ann, bob := w.nodes[0].enter(t, "ann"), w.nodes[1].enter(t, "bob")
	m, other := meet(ann, bob)
	if m.Match != other.Match {
		t.Fatalf("matches %s and %s", m.Match, other.Match)
	}
	ann.send(&protocol.Text{Match: m.Match, N: 1, Body: body("across")})
	if text := expect[*protocol.PartnerText](bob); text.Body != body("across") {
		t.Fatalf("text: %+v", text)
	}
	bob.send(&protocol.Ack{Match: m.Match, N: 1})
	expect[*protocol.Ack](ann)
	bob.send(&protocol.Rekey{Match: m.Match, Key: "p256:bob-anew"})
	expect[*protocol.Matched](bob)
	if got := expect[*protocol.Matched](ann); got.Peer.Key != "p256:bob-anew" {
		t.Fatalf("matched: %+v", got)
	}
	_ = bob.ws.Close()
	if p := expect[*protocol.Partner](ann); p.State != protocol.PartnerReconnecting {
		t.Fatalf("partner: %+v", p)
	}
	w.nodes[1].stop() // the node of Bob goes: its session leaves
	if e := expect[*protocol.Ended](ann); e.Match != m.Match {
		t.Fatalf("ended: %+v", e)
	}
}

func TestMissedHintsAreMadeUpForByHeartbeats(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{Heartbeat: 20 * time.Millisecond})
	w.queue.set(func() { w.queue.deaf = true })
	n := w.nodes[0]
	ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
	m, other := meet(ann, bob)
	if m.Match != other.Match {
		t.Fatalf("matches %s and %s", m.Match, other.Match)
	}
	bob.send(&protocol.Leave{})
	expect[*protocol.Left](bob)
	if e := expect[*protocol.Ended](ann); e.Match != m.Match || e.Reason != protocol.EndLeft {
		t.Fatalf("ended: %+v", e)
	}
}

func TestEndWithoutAHintIsLearntOnResume(t *testing.T) {
	for _, c := range []struct {
		does   protocol.Message
		reason protocol.EndReason
	}{{&protocol.Leave{}, protocol.EndLeft}, {&protocol.Next{}, protocol.EndNext}, {&protocol.Block{Match: "match-1"}, protocol.EndBlocked}} {
		t.Run(string(c.reason), func(t *testing.T) {
			w := newWorld(t, 1, signaling.Config{Heartbeat: time.Minute})
			n := w.nodes[0]
			ann, bob := n.enter(t, "ann"), n.enter(t, "bob")
			m, _ := meet(ann, bob)
			_ = ann.ws.Close()
			expect[*protocol.Partner](bob)
			w.queue.set(func() { w.queue.deaf = true })
			bob.send(c.does)
			bob.next()
			back := n.resume(t, ann)
			expect[*protocol.Matched](back) // the session does not know better yet
			if e := expect[*protocol.Ended](back); e.Match != m.Match || e.Reason != c.reason {
				t.Fatalf("ended: %+v", e)
			}
		})
	}
}

func TestSearchThatAMatchHasCrossed(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	n := w.nodes[0]
	ann, bob, cid := n.enter(t, "ann"), n.enter(t, "bob"), n.enter(t, "cid")
	first, _ := meet(ann, bob)
	// Ann had not heard of the match when she sent this: it stays.
	ann.send(&protocol.Find{Head: protocol.Re("w"), Mode: protocol.ModeVideo, Key: "p256:ann", Widen: true, After: new("")})
	if m := expect[*protocol.Matched](ann); m.ID != "w" || m.Match != first.Match || !m.Resumed {
		t.Fatalf("matched: %+v", m)
	}
	bob.quiet()
	// Now she has, and means it.
	cid.find(protocol.ModeVideo)
	expect[*protocol.Waiting](cid)
	ann.send(&protocol.Next{Key: "p256:ann2", After: &first.Match})
	if m := expect[*protocol.Matched](ann); m.Match == first.Match || m.Peer.Key != "p256:cid" {
		t.Fatalf("matched: %+v", m)
	}
	expect[*protocol.Ended](bob)
}

func TestFindWhileWaitingKeepsThePlace(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	ann := w.nodes[0].enter(t, "ann")
	ann.find(protocol.ModeText)
	before := expect[*protocol.Waiting](ann)
	ann.send(&protocol.Find{Head: protocol.Re("w"), Mode: protocol.ModeText, Key: "p256:ann", Widen: true})
	if after := expect[*protocol.Waiting](ann); after.ID != "w" || after.Since != before.Since || !w.queue.has("arrive s-ann kept=true") {
		t.Fatalf("waiting: %+v, before: %+v", after, before)
	}
}

func TestHelloOfferAndFindAtOnce(t *testing.T) {
	w := newWorld(t, 1, signaling.Config{})
	ann := w.nodes[0].connect(t, "ann")
	ann.send(&protocol.Hello{Token: "user-ann/s-ann"})
	ann.send(&protocol.Offer{SDP: "v=0"})
	ann.find(protocol.ModeVideo)
	welcome := expect[*protocol.Welcome](ann)
	expect[*protocol.Answer](ann)
	expect[*protocol.Waiting](ann)
	if welcome.Resumed || welcome.Token != "user-ann/s-ann" || welcome.ExpiresAt != "2033-05-18T03:33:20Z" ||
		len(welcome.ICEServers) != 1 || welcome.Limits != (signaling.Config{}).Limits() {
		t.Errorf("welcome: %+v", welcome)
	}
}
