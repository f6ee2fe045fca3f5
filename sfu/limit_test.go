package sfu_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/sdp/v3"

	"passerby/sfu/internal/congestion"
)

// numberID is the header extension with the transport-wide number, in what the client receives.
func (c *client) numberID() uint8 {
	c.t.Helper()
	for line := range strings.Lines(c.pc.RemoteDescription().SDP) {
		if rest, ok := strings.CutPrefix(line, "a=extmap:"); ok && strings.Contains(rest, sdp.TransportCCURI) {
			id, _, _ := strings.Cut(rest, " ")
			n, _ := strconv.Atoi(id)
			return uint8(n)
		}
	}
	c.t.Fatal("no transport-wide numbers in the answer")
	return 0
}

// slow lets a send to b, whose network lets every packet wait longer than the one before, until a is told to send less.
func slow(t *testing.T, a, b *client) {
	t.Helper()
	recorder := twcc.NewRecorder(1)
	id := b.numberID()
	arrived := time.Now()
	beat := time.NewTicker(10 * time.Millisecond)
	defer beat.Stop()
	deadline := time.After(patience)
	for n := 1; ; n++ {
		select {
		case limit := <-a.limits:
			if limit < congestion.Floor || limit > 1e6 {
				t.Errorf("told to send no more than %.0f bit/s", limit)
			}
			return
		case <-deadline:
			t.Fatal("the sender is told nothing")
		case <-beat.C:
		}
		a.sendAudio(key1, 'a')
		p := b.next(false)
		arrived = arrived.Add(50 * time.Millisecond)
		recorder.Record(uint32(p.SSRC), binary.BigEndian.Uint16(p.GetExtension(id)), arrived.UnixMicro())
		if n%10 == 0 {
			if err := b.pc.WriteRTCP(recorder.BuildFeedbackPacket()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestSlowReceiver: who receives over a congested way slows the one who sends, and the next one who sends.
func TestSlowReceiver(t *testing.T) {
	s, events := mustListen(t)
	a, b, c := mustJoin(t, s, events, "a", clientOptions{}), mustJoin(t, s, events, "b", clientOptions{}), mustJoin(t, s, events, "c", clientOptions{})
	s.Route("b", "a", key1)
	slow(t, a, b)
	s.Route("b", "c", key1)
	c.sendAudio(key1, 'c')
	select {
	case <-c.limits:
	case <-time.After(patience):
		t.Fatal("the next partner is told nothing")
	}
	s.Route("a", "c", key1)
	s.Route("b", "", 0)
	for limit := float32(0); limit < congestion.Ceiling; { // b holds nobody back any more
		select {
		case limit = <-c.limits:
		case <-time.After(patience):
			t.Fatalf("still limited to %.0f", limit)
		}
	}
}

// TestSlowReceiverOnAnotherNode: the same, over the link.
func TestSlowReceiverOnAnotherNode(t *testing.T) {
	one, two := mustJoinSites(t, nil)
	a := mustJoin(t, one.Server, one.events, "a", clientOptions{})
	b := mustJoin(t, two.Server, two.events, "b", clientOptions{})
	two.RouteRemote("b", "one", "a", key1)
	a.awaitPLI() // the stream is open
	slow(t, a, b)
}
