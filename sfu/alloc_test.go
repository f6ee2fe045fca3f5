package sfu

import (
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// countWriter stands for the network.
type countWriter struct{ packets int }

func (w *countWriter) WriteRTP(*rtp.Header, []byte) error { w.packets++; return nil }

// pair wires a sender to a receiver without a network.
func pair(tb testing.TB) (from *peer, out [2]*countWriter) {
	tb.Helper()
	s := &Server{cfg: Config{}.withDefaults(), seats: map[string]*seat{}, nodes: map[string]*neighbour{}}
	s.metrics = newMetrics(s)
	s.log = s.cfg.Logger
	mk := func(id string) *peer {
		p := &peer{server: s, seat: s.sit(id)}
		for kind := range p.up {
			p.up[kind].init(p.seat, p, kind)
		}
		p.ended.Store(true) // so that no RTCP is written: there is no connection
		p.ticking.Store(true)
		types := &payloads{}
		for i := range types.kind {
			types.kind[i] = -1
		}
		types.kind[111], types.kind[96] = audio, video
		p.types.Store(types)
		p.seat.peer.Store(p)
		return p
	}
	from, to := mk("from"), mk("to")
	for kind := range out {
		out[kind] = &countWriter{}
		d := newDownlink(to, 0, kind)
		d.writer = out[kind]
		d.header = rtp.Header{Version: 2, PayloadType: 100, SSRC: uint32(kind + 1)}
		d.formats[0] = format{payload: 100}
		to.down[0][kind].Store(d)
	}
	s.Route("to", "from", 0)
	return from, out
}

// rtpBytes is a packet of a kind with a payload of size bytes.
func rtpBytes(tb testing.TB, kind, size int) []byte {
	tb.Helper()
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: []uint8{111, 96}[kind], SSRC: uint32(10 + kind)}}
	p.Payload = make([]byte, size)
	if kind == video {
		copy(p.Payload, []byte{0x90, 0xc0, 0x81, 0, 0, 0x10, 2, 0, 0x9d, 0x01, 0x2a})
	}
	b, err := p.Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestForwardingDoesNotAllocate(t *testing.T) {
	for kind, name := range kindNames {
		t.Run(name, func(t *testing.T) {
			from, out := pair(t)
			b := rtpBytes(t, kind, 1000)
			seq := uint16(0)
			now := time.Now()
			forward := func() {
				seq++
				b[2], b[3] = byte(seq>>8), byte(seq)
				now = now.Add(time.Millisecond)
				from.receiveRTP(b, now)
			}
			forward() // opens the gate
			before := out[kind].packets
			if n := testing.AllocsPerRun(2000, forward); n != 0 {
				t.Errorf("%v allocations a packet", n)
			}
			if got := out[kind].packets - before; got != 2001 {
				t.Errorf("%d of 2001 packets were forwarded", got)
			}
		})
	}
}

// BenchmarkForward is our own path: from the decrypted bytes to those that are to be protected.
func BenchmarkForward(b *testing.B) {
	for kind, size := range [2]int{100, 1100} {
		b.Run(kindNames[kind], func(b *testing.B) {
			from, _ := pair(b)
			raw := rtpBytes(b, kind, size)
			seq := uint16(0)
			now := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				seq++
				raw[2], raw[3] = byte(seq>>8), byte(seq)
				from.receiveRTP(raw, now)
			}
		})
	}
}

// FuzzRTP gives a peer arbitrary packets: nothing may panic, and another
// sender's packets still pass.
func FuzzRTP(f *testing.F) {
	f.Add(rtpBytes(f, audio, 20))
	f.Add(rtpBytes(f, video, 40))
	f.Add([]byte{0xb0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xbe, 0xde, 0, 1, 0x10, 1, 0, 0, 1})
	from, _ := pair(f)
	now := time.Now()
	f.Fuzz(func(t *testing.T, b []byte) {
		now = now.Add(time.Millisecond)
		from.receiveRTP(b, now)
		from.receiveRTCP(b, now)
		from.up[video].tick(now)
	})
}

// FuzzOffer: arbitrary offers are answered or refused, never a panic.
func FuzzOffer(f *testing.F) {
	for _, s := range offers {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in, err := parseOffer(s)
		if err != nil {
			return
		}
		if again, err := parseOffer(in.sdp); err != nil || again.fingerprint != in.fingerprint {
			t.Errorf("what was accepted is refused the second time: %v", err)
		}
		answer, err := in.answer(pionAnswer, sources{{{1, 0}, {2, 6}}, {{9, 0}, {10, 14}}}, nil, nil)
		if err != nil {
			t.Errorf("no answer: %v", err)
		}
		var desc sdp.SessionDescription
		if err := desc.UnmarshalString(answer); err != nil || len(desc.MediaDescriptions) != len(in.sections) {
			t.Errorf("a bad answer: %v\n%s", err, answer)
		}
		_ = in.payloads()
		_ = checkCandidate(s)
	})
}

// pionAnswer is what pion says to the data channel.
const pionAnswer = "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\na=group:BUNDLE data\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" +
	"c=IN IP4 0.0.0.0\r\na=setup:passive\r\na=mid:data\r\na=sctp-port:5000\r\na=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"

var print256 = "sha-256 " + strings.Repeat("AA:", 31) + "AA"

// offers are seeds, shortened from browsers.
var offers = []string{
	"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=fingerprint:" + print256 + "\r\na=setup:actpass\r\na=mid:0\r\na=sendrecv\r\n" +
		"a=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=ssrc:5 cname:x\r\n",
	"v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:" + print256 + "\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" +
		"c=IN IP4 0.0.0.0\r\na=mid:0\r\na=sctp-port:5000\r\na=candidate:1 1 udp 1 192.0.2.1 1 typ host\r\n",
}
