package sfu_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/webrtc/v4"

	"passerby/sfu"
)

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
		{"weak fingerprint", fingerprints.ReplaceAllString(sdp, "a=fingerprint:sha-1 "+strings.Repeat("AA:", 19)+"AA"), sfu.ErrSDP},
		{"weaker fingerprint", fingerprints.ReplaceAllString(sdp, "a=fingerprint:md5 "+strings.Repeat("AA:", 15)+"AA"), sfu.ErrSDP},
		{"short fingerprint", fingerprints.ReplaceAllString(sdp, "a=fingerprint:sha-256 AA:BB"), sfu.ErrSDP},
		{"bad fingerprint", strings.ReplaceAll(sdp, "a=fingerprint:sha-256 ", "a=fingerprint:"), sfu.ErrSDP},
		{"no mid", strings.ReplaceAll(sdp, "a=mid", "a=amid"), sfu.ErrSDP},
		{"other media", strings.ReplaceAll(sdp, "m=audio", "m=smell"), sfu.ErrSDP},
		{"the server as DTLS client", strings.ReplaceAll(sdp, "a=setup:actpass", "a=setup:passive"), sfu.ErrSDP},
		{"seventeen videos", sdp + strings.Repeat("m=video"+section, sfu.MaxSlots), sfu.ErrSDP},
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
		"a=rtcp-fb:96 nack pli", "a=fmtp:97 apt=96", "useinbandfec=1", "usedtx=1", "a=ssrc-group:FID", "transport-cc", "transport-wide-cc-extensions"} {
		if !strings.Contains(answer, must) {
			t.Errorf("the answer lacks %q", must)
		}
	}
	for _, mustNot := range []string{"cryptex", "packetization-mode=0", "profile-id=2", "a=setup:active", ".local"} {
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

var fingerprints = regexp.MustCompile(`a=fingerprint:[^\r\n]*`)

// A browser may name its certificate by several hash functions: a strong one is enough, and is the one that counts.
func TestStrongFingerprintBesideWeak(t *testing.T) {
	s, events := mustListen(t)
	c := newClient(t, s, "a", clientOptions{})
	o, err := c.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetLocalDescription(o); err != nil {
		t.Fatal(err)
	}
	sdp := fingerprints.ReplaceAllString(c.pc.LocalDescription().SDP, "a=fingerprint:sha-1 "+strings.Repeat("AA:", 19)+"AA\r\n$0")
	answer, err := s.Offer(context.Background(), "a", sdp)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	events.await(t, "connected a", 1)
}
