package sfu_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/rtp"

	"passerby/sfu"
)

// TestBadPacketsTouchNobodyElse: one sender sends what cannot be parsed, while
// two others go on.
func TestBadPacketsTouchNobodyElse(t *testing.T) {
	s, events := mustListen(t)
	bad := mustJoin(t, s, events, "bad", clientOptions{})
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	s.Route("a", "bad", 0)
	for i, payload := range [][]byte{{}, {0x90}, {0x90, 0xff}, {0x90, 0xf0, 0x80}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}} {
		p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(i * 5000)}, Payload: payload}
		if err := bad.video.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
		if err := bad.audio.WriteRTP(p); err != nil {
			t.Fatal(err)
		}
		a.sendVideo(i == 0, key1, byte('0'+i), 1)
		if p := b.next(true); p.tag() != byte('0'+i) {
			t.Fatalf("packet %q", p.tag())
		}
	}
	eventually(t, "malformed packets to be counted", func() bool { return s.Stats().Malformed >= 3 })
}

// TestTooManyChannels: a browser that opens channel after channel is cut off.
func TestTooManyChannels(t *testing.T) {
	s, events := mustListen(t)
	bad := mustJoin(t, s, events, "bad", clientOptions{textOnly: true})
	good := mustJoin(t, s, events, "good", clientOptions{textOnly: true})
	for i := range 20 {
		if _, err := bad.pc.CreateDataChannel(fmt.Sprint(i), nil); err != nil {
			break // cut off already
		}
	}
	events.await(t, "disconnected bad", 1)
	if err := good.dc.SendText("still here"); err != nil {
		t.Fatal(err)
	}
	events.await(t, "data good still here", 1)
}

// TestOtherLabels: only the channel "passerby" counts.
func TestOtherLabels(t *testing.T) {
	s, events := mustListen(t)
	a := newClient(t, s, "a", clientOptions{textOnly: true, noChannel: true})
	other, err := a.pc.CreateDataChannel("other", nil)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	other.OnClose(func() { close(closed) })
	if err := a.offer(nil); err != nil {
		t.Fatal(err)
	}
	events.await(t, "connected a", 1)
	<-closed
	if err := s.Send("a", []byte("x")); err == nil {
		t.Error("sent without a channel")
	}
	for _, e := range events.all() {
		if strings.HasPrefix(e, "open") {
			t.Error("a channel of another label was taken")
		}
	}
}

// FuzzServerOffer goes through pion with variations of a whole offer.
func FuzzServerOffer(f *testing.F) {
	s, _ := mustListen(f)
	c := newClient(f, s, "seed", clientOptions{})
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		f.Fatal(err)
	}
	sections := strings.Split(o.SDP, "\nm=")
	f.Add(o.SDP)
	f.Add(strings.Join([]string{sections[0], sections[len(sections)-1]}, "\nm="))
	f.Add(strings.ReplaceAll(o.SDP, "sendrecv", "inactive"))
	f.Add(strings.ReplaceAll(o.SDP, "actpass", "passive"))
	f.Add(strings.ReplaceAll(o.SDP, "VP8", "H264"))
	f.Fuzz(func(t *testing.T, sdp string) {
		_, err := s.Offer(context.Background(), "f", sdp)
		_, _ = s.Offer(context.Background(), "f", sdp)
		s.Remove("f")
		if n := s.Stats().Panics; n != 0 {
			t.Fatalf("%d panics", n)
		}
		_ = err
	})
	_ = sfu.MaxOffer
}
