package sfu_test

import (
	"testing"
	"time"

	"github.com/pion/rtcp"
)

func TestKeyFrameRequests(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", key1)
	a.awaitPLI() // together with the news of the match
	start := time.Now()
	s.KeyFrame("a")
	for range 4 { // no key frame comes: each 120 ms
		a.awaitPLI()
	}
	if d := time.Since(start); d < 4*110*time.Millisecond {
		t.Errorf("four requests within %v", d)
	}
	a.sendVideo(true, key1, 'a', 1)
	drain(a.plis)
	a.awaitPLI() // not shown yet
	s.Shown("b")
	drain(a.plis)
	select {
	case <-a.plis:
		t.Error("a key frame was asked for after the first was shown")
	case <-time.After(time.Second):
	}
}

func TestReceiversRequestIsPassedOn(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 1)
	p := b.next(true)
	drain(a.plis)
	for range 20 { // merged
		if err := b.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: p.SSRC}}); err != nil {
			t.Fatal(err)
		}
	}
	a.awaitPLI()
	select {
	case <-a.plis: // one more, after the pause
	case <-time.After(time.Second):
	}
	select {
	case <-a.plis:
		t.Error("twenty requests became more than two")
	case <-time.After(500 * time.Millisecond):
	}
}

func TestNackIsAnswered(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 3)
	var sent []received
	for range 3 {
		sent = append(sent, b.next(true))
	}
	// pion's receiver refuses a packet twice, as SRTP must; what the server sends
	// again is counted instead, and content is tested with the ring.
	<-time.After(30 * time.Millisecond) // the least time between two sendings
	err := b.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{
		MediaSSRC: sent[1].SSRC, Nacks: rtcp.NackPairsFromSequenceNumbers([]uint16{sent[1].SequenceNumber, sent[2].SequenceNumber}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "two packets sent again", func() bool { return s.Stats().Resent == 2 })
}

func TestUplinkLossIsRepaired(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 1)
	first := b.next(true)
	a.dropOut = map[uint16]bool{a.seq[1] + 1: true}
	a.sendVideo(false, key1, 'l', 1) // lost
	a.sendVideo(false, key1, 'b', 1)
	second := b.next(true)
	if second.tag() != 'b' || second.SequenceNumber != first.SequenceNumber+2 {
		t.Fatalf("packet %q, %d after the first: the gap must stay", second.tag(), second.SequenceNumber-first.SequenceNumber)
	}
	a.awaitNack()
	a.resendLost()
	late := b.next(true)
	if late.tag() != 'l' || late.SequenceNumber != first.SequenceNumber+1 {
		t.Fatalf("packet %q with number %d after the first", late.tag(), late.SequenceNumber-first.SequenceNumber)
	}
}
