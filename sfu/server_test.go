package sfu_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

type netIP = net.IP

const (
	key1 = 0x010203040506
	key2 = 0x0a0b0c0d0e0f
)

func TestTwoClientsSeeEachOther(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", key1)
	s.Route("a", "b", key1)
	for _, pair := range [][2]*client{{a, b}, {b, a}} {
		from, to := pair[0], pair[1]
		tag := from.id[0]
		s.KeyFrame(from.id)
		from.awaitPLI() // before its first packet
		from.sendVideo(true, key1, tag, 3)
		for i := range 3 {
			p := to.next(true)
			if p.tag() != tag {
				t.Fatalf("%s: packet of %q", to.id, p.tag())
			}
			if p.Marker != (i == 2) {
				t.Errorf("packet %d: marker %v", i, p.Marker)
			}
		}
		from.sendAudio(key1, tag)
		if p := to.next(false); p.tag() != tag {
			t.Fatalf("%s: packet of %q", to.id, p.tag())
		}
		s.Shown(to.id)
	}
}

// TestSwitchAmongThree routes one receiver to three senders in turn: it sees
// one stream without a gap, and nothing of a former one or an old key.
func TestSwitchAmongThree(t *testing.T) {
	s, events := mustListen(t)
	r := mustJoin(t, s, events, "r", clientOptions{})
	var senders []*client
	for _, id := range []string{"x", "y", "z"} {
		senders = append(senders, mustJoin(t, s, events, id, clientOptions{}))
	}
	var last *received
	var lastAudio *received
	for round := range 12 {
		from := senders[round%3]
		tag, key := from.id[0], uint64(0x100+round)
		s.Route("r", from.id, key)
		// What must not pass: others, the old key, deltas before the key frame.
		for _, other := range senders {
			other.sendVideo(true, key-1, other.id[0]|0x80, 2)
			other.sendAudio(key-1, other.id[0]|0x80)
		}
		from.sendVideo(false, key, tag|0x80, 2)
		from.sendVideo(true, key, tag, 2)
		from.sendVideo(false, key, tag, 1)
		from.sendAudio(key, tag)
		for i := range 3 {
			p := r.next(true)
			if p.tag() != tag {
				t.Fatalf("round %d packet %d: from %#x", round, i, p.tag())
			}
			if id := p.keyID(); id != 0 && id != key {
				t.Fatalf("round %d: key id %#x, want %#x", round, id, key)
			}
			if last != nil {
				if p.SequenceNumber != last.SequenceNumber+1 {
					t.Errorf("round %d packet %d: sequence %d after %d", round, i, p.SequenceNumber, last.SequenceNumber)
				}
				if i == 0 && int32(p.Timestamp-last.Timestamp) < 90000/60 {
					t.Errorf("round %d: timestamp advanced by %d", round, int32(p.Timestamp-last.Timestamp))
				}
				want := picture(last)
				if i != 1 {
					want = (want + 1) & 0x7fff // packet 1 belongs to the frame of packet 0
				}
				if picture(&p) != want {
					t.Errorf("round %d packet %d: picture id %d, want %d", round, i, picture(&p), want)
				}
				if p.SSRC != last.SSRC {
					t.Errorf("round %d: SSRC changed", round)
				}
			}
			last = &p
		}
		p := r.next(false)
		if p.tag() != tag {
			t.Fatalf("round %d: audio of %#x", round, p.tag())
		}
		if lastAudio != nil && p.SequenceNumber != lastAudio.SequenceNumber+1 {
			t.Errorf("round %d: audio sequence %d after %d", round, p.SequenceNumber, lastAudio.SequenceNumber)
		}
		lastAudio = &p
	}
	s.Route("r", "", 0)
	senders[2].sendVideo(true, 0x10b, 'n', 1)
	senders[2].sendAudio(0x10b, 'n')
	// Once something else arrives, these would have too.
	s.Route("r", "x", 7)
	senders[0].sendVideo(true, 7, 'x', 1)
	if p := r.next(true); p.tag() != 'x' {
		t.Errorf("after the end of a route: packet of %q", p.tag())
	}
}

func picture(p *received) uint16 { return uint16(p.Payload[2]&0x7f)<<8 | uint16(p.Payload[3]) }

// TestRekeyClosesTheGate: the same sender under a new key id.
func TestRekeyClosesTheGate(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", key1)
	a.sendVideo(true, key1, '1', 1)
	if p := b.next(true); p.tag() != '1' {
		t.Fatalf("packet %q", p.tag())
	}
	s.Route("b", "a", key2)
	a.sendVideo(true, key1, 'o', 1)
	a.sendVideo(false, key2, 'o', 1)
	a.sendAudio(key1, 'o')
	a.sendVideo(true, key2, '2', 1)
	a.sendAudio(key2, '2')
	if p := b.next(true); p.tag() != '2' {
		t.Fatalf("packet %q under the old key", p.tag())
	}
	if p := b.next(false); p.tag() != '2' {
		t.Fatalf("audio %q under the old key", p.tag())
	}
	// A sender that falls back to the old key is cut off, and asked.
	drain(a.plis)
	a.sendVideo(true, key1, 'o', 1)
	a.awaitPLI()
	a.sendVideo(true, key2, '3', 1)
	if p := b.next(true); p.tag() != '3' {
		t.Fatalf("packet %q under the old key", p.tag())
	}
}

// TestKeyFrameRequests: not before the keys are installed, then until shown.
func TestKeyFrameRequests(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", key1)
	select {
	case <-a.plis:
		t.Fatal("a key frame was asked for before the keys were installed")
	case <-time.After(100 * time.Millisecond):
	}
	s.KeyFrame("a")
	start := time.Now()
	for range 4 { // at once, then each 120 ms
		a.awaitPLI()
	}
	if d := time.Since(start); d < 3*110*time.Millisecond {
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
	case <-time.After(600 * time.Millisecond):
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

func drain[T any](ch chan T) {
	for {
		select {
		case <-ch:
		default:
			return
		}
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

// TestUplinkLossIsRepaired: the server asks the sender again, and the packet that
// comes late goes on to the receiver in its place.
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

// TestReload: another certificate under the same id keeps routes both ways.
func TestReload(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	s.Route("a", "b", 0)
	a.sendVideo(true, key1, 'a', 1)
	before := b.next(true)

	a2 := newClient(t, s, "a", clientOptions{})
	if err := a2.offer(nil); err != nil {
		t.Fatal(err)
	}
	events.await(t, "closed a", 1)
	events.await(t, "disconnected a", 1)
	events.await(t, "connected a", 2)
	events.await(t, "open a", 2)
	a2.sendVideo(false, key1, 'o', 1) // a new stream begins with a key frame
	a2.sendVideo(true, key1, 'A', 1)
	p := b.next(true)
	if p.tag() != 'A' || p.SequenceNumber != before.SequenceNumber+1 || p.SSRC != before.SSRC {
		t.Errorf("packet %q, number %d after the last", p.tag(), p.SequenceNumber-before.SequenceNumber)
	}
	b.sendVideo(true, key1, 'b', 1)
	if p := a2.next(true); p.tag() != 'b' {
		t.Errorf("packet %q", p.tag())
	}
	if got := s.Stats().Peers; got != 2 {
		t.Errorf("%d peers", got)
	}
}

// TestRenegotiation: the same certificate keeps the peer, also through an ICE restart.
func TestRenegotiation(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, '1', 1)
	last := b.next(true)
	for i, options := range []*webrtc.OfferOptions{nil, {ICERestart: true}} {
		if err := a.offer(options); err != nil {
			t.Fatal(err)
		}
		if options != nil {
			eventually(t, "ICE to be up again", func() bool {
				return a.pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected
			})
		}
		a.sendVideo(false, key1, byte('2'+i), 1)
		p := b.next(true)
		if p.tag() != byte('2'+i) || p.SequenceNumber != last.SequenceNumber+1 {
			t.Fatalf("offer %d: packet %q, number %d after the last", i, p.tag(), p.SequenceNumber-last.SequenceNumber)
		}
		last = p
	}
	for _, e := range events.all() {
		if e == "closed a" {
			t.Error("the data channel did not survive")
		}
	}
}

func TestTCPOnly(t *testing.T) {
	s, events := mustListen(t, func(c *sfu.Config) { c.TCP = "127.0.0.1:0" })
	a := mustJoin(t, s, events, "a", clientOptions{tcpOnly: true})
	b := mustJoin(t, s, events, "b", clientOptions{tcpOnly: true})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 2)
	if p := b.next(true); p.tag() != 'a' {
		t.Errorf("packet %q", p.tag())
	}
	if !strings.HasPrefix(s.TCPAddr().String(), "127.0.0.1:") {
		t.Errorf("TCP address %v", s.TCPAddr())
	}
}

func TestTextOnly(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{textOnly: true})
	mustJoin(t, s, events, "b", clientOptions{textOnly: true})
	s.Route("b", "a", key1) // harmless
	s.KeyFrame("a")
	s.Shown("b")
	for i := range 20 {
		if err := a.dc.SendText(fmt.Sprintf("up %d", i)); err != nil {
			t.Fatal(err)
		}
		if err := s.Send("a", fmt.Appendf(nil, "down %d", i)); err != nil {
			t.Fatal(err)
		}
	}
	events.await(t, "data a up 19", 1)
	for i := range 20 {
		if got, want := <-a.messages, fmt.Sprintf("down %d", i); got != want {
			t.Fatalf("message %q, want %q", got, want)
		}
	}
	var order []string
	for _, e := range events.all() {
		if strings.HasPrefix(e, "data a") {
			order = append(order, e)
		}
	}
	for i, e := range order {
		if want := fmt.Sprintf("data a up %d", i); e != want {
			t.Errorf("event %d is %q", i, e)
		}
	}
	a.close()
	events.await(t, "closed a", 1)
	events.await(t, "disconnected a", 1)
}

func TestMessageLimits(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{textOnly: true})
	full := strings.Repeat("x", 16<<10)
	if err := a.dc.SendText(full); err != nil {
		t.Fatal(err)
	}
	events.await(t, "data a "+full, 1)
	if err := s.Send("a", bytes.Repeat([]byte("y"), 16<<10+1)); !errors.Is(err, sfu.ErrTooLarge) {
		t.Errorf("send over the limit: %v", err)
	}
	if err := s.Send("nobody", nil); !errors.Is(err, sfu.ErrUnknown) {
		t.Errorf("send to nobody: %v", err)
	}
	// A browser that ignores the limit loses its channel, and only that.
	if err := a.dc.SendText(full + "!"); err == nil {
		events.await(t, "closed a", 1)
		if err := s.Send("a", []byte("z")); !errors.Is(err, sfu.ErrNotOpen) {
			t.Errorf("send to a closed channel: %v", err)
		}
	}
}

// TestSenderReports: what was captured together has the same NTP time, though
// the sender's clock is far off.
func TestSenderReports(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{})
	s.Route("b", "a", 0)
	a.sendVideo(true, key1, 'a', 1)
	a.sendAudio(key1, 'a')
	v, au := b.next(true), b.next(false)
	// The last frames of both were captured at the same moment.
	ntp := uint64(1234567890) << 32
	if err := a.pc.WriteRTCP([]rtcp.Packet{
		&rtcp.SenderReport{SSRC: a.ssrc(1), NTPTime: ntp, RTPTime: a.ts[1]},
		&rtcp.SenderReport{SSRC: a.ssrc(0), NTPTime: ntp, RTPTime: a.ts[0]},
	}); err != nil {
		t.Fatal(err)
	}
	at := map[uint32]float64{} // NTP seconds at which the frame was captured, by SSRC
	deadline := time.After(patience)
	for len(at) < 2 {
		select {
		case r := <-b.reports:
			seconds := float64(r.NTPTime>>32) + float64(uint32(r.NTPTime))/(1<<32)
			switch r.SSRC {
			case v.SSRC:
				at[r.SSRC] = seconds - float64(int32(r.RTPTime-v.Timestamp))/90000
			case au.SSRC:
				at[r.SSRC] = seconds - float64(int32(r.RTPTime-au.Timestamp))/48000
			}
		case <-deadline:
			t.Fatal("no sender reports for both")
		}
	}
	if diff := at[v.SSRC] - at[au.SSRC]; diff > 0.005 || diff < -0.005 {
		t.Errorf("audio and video are %.1f ms apart", diff*1000)
	}
	now := float64(time.Now().Unix() + 2208988800)
	if off := now - at[v.SSRC]; off < -2 || off > 5 {
		t.Errorf("reports are not on the server's clock: %v s", off)
	}
}

func TestOfferErrors(t *testing.T) {
	s, _ := mustListen(t, func(c *sfu.Config) { c.MaxPeers = 1 })
	good := func() string {
		c := newClient(t, s, "good", clientOptions{})
		o, err := c.pc.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		return o.SDP
	}
	sdp := good()
	_, section, _ := strings.Cut(sdp, "m=video")
	section, _, _ = strings.Cut(section, "m=application")
	tests := []struct {
		name, sdp string
		want      error
	}{
		{"empty", "", sfu.ErrSDP},
		{"garbage", "hello", sfu.ErrSDP},
		{"too large", sdp + strings.Repeat("a=x\r\n", 20000), sfu.ErrSDP},
		{"no fingerprint", strings.ReplaceAll(sdp, "a=fingerprint", "a=finger"), sfu.ErrSDP},
		{"no ICE", strings.ReplaceAll(sdp, "a=ice-", "a=nice-"), sfu.ErrSDP},
		{"bad fingerprint", strings.ReplaceAll(sdp, "a=fingerprint:sha-256 ", "a=fingerprint:"), sfu.ErrSDP},
		{"no mid", strings.ReplaceAll(sdp, "a=mid", "a=amid"), sfu.ErrSDP},
		{"other media", strings.ReplaceAll(sdp, "m=audio", "m=smell"), sfu.ErrSDP},
		{"two videos", sdp + "m=video" + section, sfu.ErrSDP},
		{"no common codec", strings.ReplaceAll(sdp, "VP8/90000", "XX8/90000"), sfu.ErrSDP},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := s.Offer(context.Background(), "bad", test.sdp); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
	if got := s.Stats().Peers; got != 0 {
		t.Errorf("%d peers after bad offers", got)
	}
	if _, err := s.Offer(context.Background(), "one", sdp); err != nil {
		t.Errorf("good offer: %v", err)
	}
	if _, err := s.Offer(context.Background(), "two", good()); !errors.Is(err, sfu.ErrFull) {
		t.Errorf("offer over MaxPeers: %v", err)
	}
}

func TestAnswerIsComplete(t *testing.T) {
	s, _ := mustListen(t, func(c *sfu.Config) {
		c.UDP, c.TCP = ":0", ":0"
		c.PublicIPs = append(c.PublicIPs, mustAddr("192.0.2.7"), mustAddr("2001:db8::7"))
	})
	c := newClient(t, s, "a", clientOptions{})
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	offer := strings.ReplaceAll(o.SDP, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=cryptex\r\n")
	answer, err := s.Offer(context.Background(), "a", offer)
	if err != nil {
		t.Fatal(err)
	}
	var candidates []string
	for line := range strings.Lines(answer) {
		if strings.HasPrefix(line, "a=candidate:") {
			f := strings.Fields(line)
			candidates = append(candidates, strings.Join(append([]string{f[2], f[4]}, f[6:]...), " "))
		}
	}
	want := []string{
		"udp 127.0.0.1 typ host", "udp 192.0.2.7 typ host", "udp 2001:db8::7 typ host",
		"tcp 127.0.0.1 typ host tcptype passive", "tcp 192.0.2.7 typ host tcptype passive",
		"tcp 2001:db8::7 typ host tcptype passive",
	}
	if diff := cmp.Diff(want, candidates); diff != "" {
		t.Errorf("candidates (-want +got):\n%s", diff)
	}
	for _, must := range []string{"a=ice-lite", "a=setup:passive", "a=end-of-candidates", "VP8/90000", "opus/48000/2",
		"a=rtcp-fb:96 nack pli", "transport-cc", "transport-wide-cc-extensions"} {
		if !strings.Contains(answer, must) {
			t.Errorf("the answer lacks %q", must)
		}
	}
	for _, mustNot := range []string{"cryptex", "H264", "rtx", "a=setup:active", ".local"} {
		if strings.Contains(answer, mustNot) {
			t.Errorf("the answer has %q", mustNot)
		}
	}
}

func TestCandidate(t *testing.T) {
	s, _ := mustListen(t)
	tests := []struct {
		candidate string
		ok        bool
	}{
		{"", true},
		{"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host", true},
		{"candidate:1 1 udp 2130706431 6f7d0a0a-0000-4000-8000-000000000000.local 5000 typ host", true},
		{"candidate:nonsense", false},
		{"candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host " + strings.Repeat("x", 1024), false},
	}
	for _, test := range tests {
		if err := s.Candidate("a", test.candidate); (err == nil) != test.ok || err != nil && !errors.Is(err, sfu.ErrCandidate) {
			t.Errorf("%.40q: %v", test.candidate, err)
		}
	}
}

// eventually waits for something that no channel tells.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// TestMediaAddedLater: a peer that began with text alone offers media too.
func TestMediaAddedLater(t *testing.T) {
	s, events := mustListen(t)
	a := mustJoin(t, s, events, "a", clientOptions{})
	b := mustJoin(t, s, events, "b", clientOptions{textOnly: true})
	s.Route("a", "b", 0)
	s.Route("b", "a", 0)
	b.audio, b.video = b.addTrack(webrtc.MimeTypeOpus, "audio"), b.addTrack(webrtc.MimeTypeVP8, "video")
	if err := b.offer(nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "video both ways", func() bool {
		a.sendVideo(true, key1, 'a', 1)
		b.sendVideo(true, key1, 'b', 1)
		return len(a.packets[1]) > 0 && len(b.packets[1]) > 0
	})
	if p := a.next(true); p.tag() != 'b' {
		t.Errorf("packet %q", p.tag())
	}
	if p := b.next(true); p.tag() != 'a' {
		t.Errorf("packet %q", p.tag())
	}
}
