package sfu

import (
	"context"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/stream"
)

// browserVideo is the video section of Chromium's offer, cut to what counts.
const browserVideo = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103 104 105 45 46\r\na=mid:0\r\na=sendrecv\r\n" +
	"a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdef01234567\r\na=setup:actpass\r\na=fingerprint:sha-256 " +
	"00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00\r\n" +
	"a=extmap:3 " + transportCC + "\r\n" +
	"a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" +
	"a=rtpmap:100 VP9/90000\r\na=fmtp:100 profile-id=2\r\na=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=100\r\n" +
	"a=rtpmap:98 VP9/90000\r\na=rtcp-fb:98 nack pli\r\na=fmtp:98 profile-id=0\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n" +
	"a=rtpmap:104 H264/90000\r\na=fmtp:104 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42001f\r\n" +
	"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
	"a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:105 red/90000\r\n" +
	"a=rtpmap:45 AV1/90000\r\na=fmtp:45 level-idx=5;profile=0;tier=0\r\na=rtpmap:46 rtx/90000\r\na=fmtp:46 apt=45\r\n"

const browserOffer = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n" + browserVideo

// TestCodecsOfAnOffer: of the codecs those are answered for which it is defined how frames are sealed, VP8 first, and none
// that could not be recorded where recordings are kept.
func TestCodecsOfAnOffer(t *testing.T) {
	for _, test := range []struct {
		name string
		tape time.Duration
		want string
	}{
		{"all", 0, "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 45 46 102 103"},
		{"recorded", time.Second * 8, "m=video 9 UDP/TLS/RTP/SAVPF 96 97"},
	} {
		s, err := Listen(Config{UDP: "127.0.0.1:0", Tape: test.tape})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Offer(context.Background(), "a", browserOffer)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer, test.want+"\r\n") {
			t.Errorf("%s: the answer is not about %s:\n%s", test.name, test.want, answer)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	in, err := parseOffer(browserOffer)
	if err != nil {
		t.Fatal(err)
	}
	p := in.payloads()
	if p.apt[99] != 98 || p.codec[99] != stream.CodecVP9 || p.codec[45] != stream.CodecAV1 || p.kind[100] != -1 || p.kind[104] != -1 {
		t.Errorf("payload types %v, %v", p.kind, p.codec)
	}
}

// TestAnotherCodec: a sender goes on with another codec; the receiver gets it under its own payload type from the key frame on,
// repairs too, and nothing of a codec that it does not have.
func TestAnotherCodec(t *testing.T) {
	from, d, w := receiver(t)
	d.negotiated([]codec{{payload: 100, rtx: 101}, {id: stream.CodecVP9, payload: 110, rtx: 111}}, headers{})
	types := *from.types.Load()
	types.kind[98], types.codec[98] = video, stream.CodecVP9
	types.kind[45], types.codec[45] = video, stream.CodecAV1
	from.types.Store(&types)
	now := time.Now()
	seq := uint16(0)
	send := func(payloadType uint8, payload ...byte) {
		seq++
		b := rtpBytes(t, video, 0)[:12]
		b[0], b[1] = 0x80, payloadType|0x80
		binary.BigEndian.PutUint16(b[2:], seq)
		now = now.Add(33 * time.Millisecond)
		from.receiveRTP(append(b, payload...), now)
	}
	vp8 := rtpBytes(t, video, 100)
	vp8Start := vp8[12:]
	send(96, vp8Start...)
	send(98, 0xc8, 0x80, 9, 1, 2, 3) // a delta frame: nothing before it
	send(98, 0x88, 0x80, 10, 1, 2, 3)
	send(98, 0xc8, 0x80, 11, 1, 2, 3)
	send(45, 0x18, 0x30, 1, 2) // nobody said that he has AV1
	send(96, vp8Start...)
	var got []uint8
	for i, p := range w.packets {
		got = append(got, p.PayloadType)
		if i > 0 && p.SequenceNumber != w.packets[i-1].SequenceNumber+1 {
			t.Errorf("packet %d has number %d after %d", i, p.SequenceNumber, w.packets[i-1].SequenceNumber)
		}
	}
	if want := "dnnd"; string(got) != want {
		t.Fatalf("payload types %v, not %v", got, []byte(want))
	}
	if a, b := binary.BigEndian.Uint16(w.packets[1].Payload[1:]), binary.BigEndian.Uint16(w.packets[2].Payload[1:]); b != a+1 {
		t.Errorf("picture ids %x and %x", a, b)
	}
	d.resend([]rtcp.NackPair{{PacketID: w.packets[0].SequenceNumber, LostPackets: 1}}, now.Add(resendGap))
	if len(w.packets) != 6 || w.packets[4].PayloadType != 101 || w.packets[5].PayloadType != 111 {
		t.Errorf("%d packets; the repairs are not of their codecs", len(w.packets))
	}
}
