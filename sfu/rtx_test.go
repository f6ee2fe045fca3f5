package sfu

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// receiver is the video downlink that pair feeds, and what it writes.
func receiver(t testing.TB) (from *peer, d *downlink, w *keepWriter) {
	t.Helper()
	from, _ = pair(t)
	for _, to := range *from.seat.fed.Load() {
		d = to.downlink(video)
	}
	w = &keepWriter{}
	d.writer = w
	return from, d, w
}

// TestRepairs: what is sent again has numbers of its own and the original one in front (RFC 4588 §4), and every packet a
// transport-wide number of its own.
func TestRepairs(t *testing.T) {
	from, d, w := receiver(t)
	d.negotiated([]codec{{payload: 100, rtx: 101}}, headers{twcc: 3})
	b := rtpBytes(t, video, 500)
	now := time.Now()
	for i := range 10 {
		b[3], b[16] = byte(i), byte(i)
		from.receiveRTP(b, now)
	}
	first := w.packets[0].SequenceNumber
	pairs := []rtcp.NackPair{{PacketID: first + 3, LostPackets: 1}}
	d.resend(pairs, now.Add(resendGap))
	d.resend(pairs, now.Add(2*resendGap))
	if len(w.packets) != 14 {
		t.Fatalf("%d packets, not 14", len(w.packets))
	}
	for i, p := range w.packets[10:] {
		original := w.packets[3+i%2]
		want := append(binary.BigEndian.AppendUint16(nil, original.SequenceNumber), original.Payload...)
		if diff := cmp.Diff(want, p.Payload); diff != "" {
			t.Errorf("payload (-want +got):\n%s", diff)
		}
		if p.PayloadType != 101 || p.SSRC != d.repair.SSRC || p.SSRC == d.ssrc || p.Timestamp != original.Timestamp || p.Marker != original.Marker {
			t.Errorf("header %+v", p.Header)
		}
		if i > 0 && p.SequenceNumber != w.packets[9+i].SequenceNumber+1 {
			t.Errorf("repair %d has number %d after %d", i, p.SequenceNumber, w.packets[9+i].SequenceNumber)
		}
	}
	for i, p := range w.packets {
		if got := binary.BigEndian.Uint16(p.GetExtension(3)); got != uint16(i) {
			t.Errorf("packet %d has the transport-wide number %d", i, got)
		}
	}
}

// TestRepairsAreBounded: asking for everything all the time does not make the server send without end.
func TestRepairsAreBounded(t *testing.T) {
	from, d, w := receiver(t)
	d.negotiated([]codec{{payload: 100, rtx: 101}}, headers{})
	b := rtpBytes(t, video, 100)
	now := time.Now()
	for i := range 300 {
		binary.BigEndian.PutUint16(b[2:], uint16(i))
		from.receiveRTP(b, now)
	}
	first := w.packets[0].SequenceNumber
	var pairs []rtcp.NackPair
	for i := uint16(0); i < 300; i += 17 {
		pairs = append(pairs, rtcp.NackPair{PacketID: first + i, LostPackets: 0xffff})
	}
	for range 50 { // one second
		now = now.Add(resendGap)
		d.resend(pairs, now)
	}
	if got := len(w.packets) - 300; got < resendRate || got > resendRate+resendBurst {
		t.Errorf("%d packets were sent again in a second", got)
	}
}

// TestRepairsLeaveRoom: where the way is narrow, repairs take a quarter of it at most.
func TestRepairsLeaveRoom(t *testing.T) {
	const limit, size = 300_000, 1100
	var b budget
	now := time.Now()
	bytes := 0
	for range 1000 { // ten seconds
		for range 20 {
			if b.take(size, limit, now) {
				bytes += size + headerSize
			}
		}
		now = now.Add(10 * time.Millisecond)
	}
	if bits := 8 * bytes / 10; bits < limit/5 || bits > limit*27/100 {
		t.Errorf("repairs take %d bits per second of %d", bits, limit)
	}
	for range 100 { // the limit is gone
		now = now.Add(10 * time.Millisecond)
		b.take(size, 0, now)
	}
	for range resendBurst / 2 {
		if !b.take(size, 0, now) {
			t.Fatal("repairs are still held back")
		}
	}
}

// TestSecondCopies: on a way that loses packets each repair is sent twice, the second time after the next packet.
func TestSecondCopies(t *testing.T) {
	from, d, w := receiver(t)
	d.negotiated([]codec{{payload: 100, rtx: 101}}, headers{})
	b := rtpBytes(t, video, 100)
	now := time.Now()
	send := func(seq uint16) {
		binary.BigEndian.PutUint16(b[2:], seq)
		from.receiveRTP(b, now)
	}
	for i := range uint16(10) {
		send(i)
	}
	first, last := w.packets[0].SequenceNumber, uint16(9)
	story := func() (original []uint16) {
		w.packets = w.packets[:0]
		now = now.Add(time.Second)
		d.resend([]rtcp.NackPair{{PacketID: first + 2, LostPackets: 1}}, now)
		send(last + 1)
		send(last + 2)
		last += 2
		for _, p := range w.packets {
			if p.PayloadType == 101 {
				original = append(original, binary.BigEndian.Uint16(p.Payload)-first)
			} else {
				original = append(original, 1000)
			}
		}
		return original
	}
	if diff := cmp.Diff([]uint16{2, 3, 1000, 1000}, story()); diff != "" {
		t.Errorf("a way that loses nothing (-want +got):\n%s", diff)
	}
	d.peer.outward.lossy.Store(true)
	if diff := cmp.Diff([]uint16{2, 3, 1000, 2, 1000, 3}, story()); diff != "" {
		t.Errorf("a way that loses packets (-want +got):\n%s", diff)
	}
}

// TestRestored: a sender's retransmission takes the place of the packet that is missing, and nothing else.
func TestRestored(t *testing.T) {
	from, _, w := receiver(t)
	types := *from.types.Load()
	types.kind[97], types.apt[97] = video, 96
	from.types.Store(&types)
	now := time.Now()
	send := func(seq uint16) {
		b := rtpBytes(t, video, 200)
		binary.BigEndian.PutUint16(b[2:], seq)
		from.receiveRTP(b, now)
	}
	repairs := uint16(7000)
	repair := func(seq uint16, padding bool) {
		var p rtp.Packet
		if err := p.Unmarshal(rtpBytes(t, video, 200)); err != nil {
			t.Fatal(err)
		}
		repairs++
		p.PayloadType, p.SSRC, p.SequenceNumber = 97, 99, repairs
		p.Payload = append(binary.BigEndian.AppendUint16(nil, seq), p.Payload...)
		if padding {
			p.Payload, p.Padding, p.PaddingSize = nil, true, 255
		}
		b, err := p.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		from.receiveRTP(b, now)
	}
	send(10)
	send(11)
	send(14)
	repair(12, false)
	repair(12, false) // probing
	repair(11, false)
	repair(13, true)
	send(12) // late after all
	send(13)
	base := w.packets[0].SequenceNumber
	var got []uint16
	for _, p := range w.packets {
		got = append(got, p.SequenceNumber-base)
		if p.SSRC != w.packets[0].SSRC || p.PayloadType != w.packets[0].PayloadType || len(p.Payload) != 200 {
			t.Errorf("sent on: %+v", p.Header)
		}
	}
	if diff := cmp.Diff([]uint16{0, 1, 4, 2, 3}, got); diff != "" {
		t.Errorf("sent on (-want +got):\n%s", diff)
	}
	if n := from.malformed.Load(); n != 0 {
		t.Errorf("%d malformed", n)
	}
}

// TestRestraint tells the story of a limit, as the sender hears it.
func TestRestraint(t *testing.T) {
	var r restraint
	start := time.Now()
	type step struct {
		ms, limit, want int64 // want -1: nothing is told
	}
	for i, s := range []step{
		{0, 0, -1}, {1000, 0, -1},
		{2000, 300_000, 300_000}, {2060, 303_000, -1}, {2120, 200_000, 200_000}, {2180, 230_000, 230_000},
		{3000, 231_000, -1}, {3180, 231_000, 231_000},
		{3240, 0, 0}, {3300, 0, -1}, {4240, 0, 0}, {5240, 0, 0}, {6240, 0, -1},
	} {
		bits, tell := r.due(s.limit, start.Add(time.Duration(s.ms)*time.Millisecond))
		if tell != (s.want >= 0) || tell && bits != s.want {
			t.Errorf("step %d: told %v, %d", i, tell, bits)
		}
	}
}
