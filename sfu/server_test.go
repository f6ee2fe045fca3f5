package sfu_test

import (
	"net"
	"testing"
	"time"

	"github.com/pion/rtcp"
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
func drain[T any](ch chan T) {
	for {
		select {
		case <-ch:
		default:
			return
		}
	}
}

// TestUplinkLossIsRepaired: the server asks the sender again, and the packet that
// comes late goes on to the receiver in its place.
// TestReload: another certificate under the same id keeps routes both ways.
// TestRenegotiation: the same certificate keeps the peer, also through an ICE restart.
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
	at := b.captured(v, au)
	if diff := at[v.SSRC] - at[au.SSRC]; diff > 0.005 || diff < -0.005 {
		t.Errorf("audio and video are %.1f ms apart", diff*1000)
	}
	now := float64(time.Now().Unix() + 2208988800)
	if off := now - at[v.SSRC]; off < -2 || off > 5 {
		t.Errorf("reports are not on the server's clock: %v s", off)
	}
}

// TestLipsAcrossASwitch: the reports after a switch are about the new source. Its voice and its picture, captured a third of a
// second apart by a clock of its own, are that far apart at the receiver, too, who has just seen and heard another.
func TestLipsAcrossASwitch(t *testing.T) {
	s, events := mustListen(t)
	b := mustJoin(t, s, events, "b", clientOptions{})
	for i, id := range []string{"a", "c", "d"} {
		from := mustJoin(t, s, events, id, clientOptions{})
		key := key1 + uint64(i)
		s.Route("b", id, key)
		from.sendVideo(true, key, id[0], 1)
		from.sendAudio(key, id[0])
		v, au := b.next(true), b.next(false)
		ntp := uint64(1234567890+1000*i) << 32
		if err := from.pc.WriteRTCP([]rtcp.Packet{
			&rtcp.SenderReport{SSRC: from.ssrc(1), NTPTime: ntp, RTPTime: from.ts[1]},
			&rtcp.SenderReport{SSRC: from.ssrc(0), NTPTime: ntp, RTPTime: from.ts[0] + 16000},
		}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "reports that put the picture of "+id+" a third of a second behind its voice", func() bool {
			at := b.captured(v, au)
			apart := at[v.SSRC] - at[au.SSRC]
			return apart > 0.333-0.01 && apart < 0.333+0.01
		})
	}
}

// captured reads reports until there is one for each of two packets, and tells when these were captured, in NTP seconds by SSRC.
func (c *client) captured(v, au received) map[uint32]float64 {
	c.t.Helper()
	at := map[uint32]float64{}
	deadline := time.After(patience)
	for len(at) < 2 {
		select {
		case r := <-c.reports:
			seconds := float64(r.NTPTime>>32) + float64(uint32(r.NTPTime))/(1<<32)
			switch r.SSRC {
			case v.SSRC:
				at[r.SSRC] = seconds - float64(int32(r.RTPTime-v.Timestamp))/90000
			case au.SSRC:
				at[r.SSRC] = seconds - float64(int32(r.RTPTime-au.Timestamp))/48000
			}
		case <-deadline:
			c.t.Fatal("no sender reports for both")
		}
	}
	return at
}

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
