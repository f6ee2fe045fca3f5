package sfu

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
)

// heard wires a sender to a receiver and keeps what the receiver gets of a kind.
func heard(t *testing.T, kind int) (*peer, *keepWriter) {
	t.Helper()
	from, _ := pair(t)
	w := &keepWriter{}
	for _, to := range *from.seat.fed.Load() {
		to.downlink(kind).writer = w
	}
	return from, w
}

// TestDayOfSound: a call of 25 hours. Sequence numbers wrap every few hours here, timestamps once (a 48 kHz clock wraps after
// 24.9 h), and the receiver sees every number once and the time as it passed; then a partner after a day's pause.
func TestDayOfSound(t *testing.T) {
	from, w := heard(t, audio)
	b := rtpBytes(t, audio, 20)
	now := time.Unix(1_000_000, 0)
	const step = 200 * time.Millisecond // most of the time nobody speaks (DTX)
	seq, ts := uint16(65000), uint32(1<<32-1000)
	send := func() {
		binary.BigEndian.PutUint16(b[2:], seq)
		binary.BigEndian.PutUint32(b[4:], ts)
		from.receiveRTP(b, now)
	}
	var last rtp.Packet
	for i := range int(25 * time.Hour / step) {
		w.packets = w.packets[:0]
		send()
		if len(w.packets) != 1 {
			t.Fatalf("packet %d: %d came", i, len(w.packets))
		}
		p := w.packets[0]
		if i > 0 && (p.SequenceNumber != last.SequenceNumber+1 || p.Timestamp != last.Timestamp+9600) {
			t.Fatalf("after %v: number %+d, time %+d", time.Duration(i)*step, p.SequenceNumber-last.SequenceNumber, p.Timestamp-last.Timestamp)
		}
		last = p
		seq, ts, now = seq+1, ts+9600, now.Add(step)
	}
	// A day later somebody else begins, from other numbers.
	const day = 24 * time.Hour
	now = now.Add(day - step)
	from.server.Route("to", "", 0)
	from.server.Route("to", "from", 0)
	binary.BigEndian.PutUint32(b[8:], 77)
	seq, ts = 3, 5
	w.packets = w.packets[:0]
	send()
	if len(w.packets) != 1 {
		t.Fatalf("%d came after a day", len(w.packets))
	}
	want := uint32(uint64(day/time.Millisecond) * 48 % (1 << 32))
	if p := w.packets[0]; p.SequenceNumber != last.SequenceNumber+1 || p.Timestamp-last.Timestamp != want {
		t.Errorf("after a day: number %+d, time %+d, want %+d", p.SequenceNumber-last.SequenceNumber, p.Timestamp-last.Timestamp, want)
	}
}

// TestHugeGaps: numbers that jump as far as SRTP lets them (32,767 forwards, 1,023 back), and times that jump anywhere. The
// stream goes on, the receiver sees no jump that could make it miscount, and little is asked for again.
func TestHugeGaps(t *testing.T) {
	for kind, name := range kindNames {
		t.Run(name, func(t *testing.T) {
			from, w := heard(t, kind)
			asked := &asks{}
			from.up[kind].origin = asked
			b := rtpBytes(t, kind, 200)
			now := time.Unix(1_000_000, 0)
			seq := uint16(100)
			jumps := []int{1, 30_000, 1, -1_000, 1_001, 32_767, 32_767, 32_767, 1, -1_023, 1_024, 1, 5_000, -40, 41, 1}
			for round := range 50 {
				for i, jump := range jumps {
					seq += uint16(jump)
					now = now.Add(5 * time.Millisecond)
					binary.BigEndian.PutUint16(b[2:], seq)
					binary.BigEndian.PutUint32(b[4:], uint32(round*i)*0x3fff_ffff)
					from.receiveRTP(b, now)
					from.up[kind].tick(now)
				}
			}
			before := len(w.packets)
			for range 10 { // and then all is well
				seq++
				now = now.Add(5 * time.Millisecond)
				binary.BigEndian.PutUint16(b[2:], seq)
				from.receiveRTP(b, now)
			}
			if got := len(w.packets) - before; got != 10 {
				t.Errorf("%d of 10 packets come through afterwards", got)
			}
			for i := 1; i < 10; i++ {
				if d := w.packets[before+i].SequenceNumber - w.packets[before+i-1].SequenceNumber; d != 1 {
					t.Errorf("number %+d", d)
				}
			}
			for i := 1; i < len(w.packets); i++ {
				if d := int16(w.packets[i].SequenceNumber - w.packets[i-1].SequenceNumber); d > 5_000 || d < -5_000 {
					t.Fatalf("packet %d: number %+d", i, d)
				}
			}
			if asked.packets > 50*len(jumps)*64 {
				t.Errorf("%d packets were asked for", asked.packets)
			}
		})
	}
}

// TestOneSourceForAll: one SSRC for sound and picture, and for two senders. Payload types tell kinds apart, connections tell
// people apart; the receiver gets each under a number of its own.
func TestOneSourceForAll(t *testing.T) {
	from, _ := pair(t)
	s := from.server
	// A second sender with the same SSRC, into the receiver's second slot.
	second := &peer{server: s, seat: s.sit("second")}
	for kind := range second.up {
		second.up[kind].init(second.seat, second, kind)
	}
	second.ended.Store(true)
	second.ticking.Store(true)
	second.types.Store(from.types.Load())
	second.seat.peer.Store(second)
	to := s.seats["to"].peer.Load()
	var got [2][2]*keepWriter
	for slot := range got {
		for kind := range got[slot] {
			got[slot][kind] = &keepWriter{}
			d := newDownlink(to, slot, kind)
			d.writer = got[slot][kind]
			d.formats[0] = format{payload: 100}
			to.down[slot][kind].Store(d)
		}
	}
	s.Route("to", "", 0)
	s.Route("to", "from", 0)
	if err := s.RouteSlot("to", 1, "second", 0); err != nil {
		t.Fatal(err)
	}
	ssrcs := map[uint32]bool{}
	for slot, p := range []*peer{from, second} {
		for kind := range kindNames {
			b := rtpBytes(t, kind, 100)
			binary.BigEndian.PutUint32(b[8:], 4711)
			b[len(b)-1] = byte(10*slot + kind)
			p.receiveRTP(b, time.Now())
		}
	}
	for slot := range got {
		for kind, w := range got[slot] {
			if len(w.packets) != 1 {
				t.Fatalf("slot %d, %s: %d packets", slot, kindNames[kind], len(w.packets))
			}
			p := w.packets[0]
			if tag := p.Payload[len(p.Payload)-1]; tag != byte(10*slot+kind) {
				t.Errorf("slot %d, %s: somebody else's packet (%d)", slot, kindNames[kind], tag)
			}
			ssrcs[p.SSRC] = true
		}
	}
	if len(ssrcs) != 4 {
		t.Errorf("four streams have %d SSRCs", len(ssrcs))
	}
}

// TestExtensionsChange: header extensions come, go, change their form and length, or are malformed; the payload that is
// forwarded is the same, and none of them are passed on.
func TestExtensionsChange(t *testing.T) {
	from, w := heard(t, audio)
	payload := []byte{0x78, 1, 2, 3, 4, 5, 6, 7}
	types := *from.types.Load()
	types.twcc[audio], types.level = 3, 1
	from.types.Store(&types)
	from.feedback.rec = twcc.NewRecorder(1)
	extensions := [][]byte{
		nil,
		{0xbe, 0xde, 0, 1, 0x31, 0, 9, 0}, // one byte heads (RFC 8285 §4.2): transport-wide number
		{0x10, 0x00, 0, 2, 3, 2, 0, 10, 1, 1, 20, 0},     // two byte heads
		{0xbe, 0xde, 0, 1, 0xf3, 1, 2, 3},                // id 15: stop
		{0xbe, 0xde, 0, 1, 0x3f, 0, 0, 0},                // longer than there is
		{0xbe, 0xde, 0, 2, 0, 0, 0, 0x10, 0x85, 0, 0, 0}, // padding first
		{0x12, 0x34, 0, 1, 1, 2, 3, 4},                   // of no form that is known
		{0xbe, 0xde, 0, 0},                               // empty
		nil,
	}
	for i, extension := range extensions {
		b := []byte{0x80, 111, 0, byte(i + 1), 0, 0, 0, byte(i), 0, 0, 0, 9}
		if extension != nil {
			b[0] |= 0x10
		}
		b = append(append(b, extension...), payload...)
		from.receiveRTP(b, time.Now())
		if len(w.packets) != i+1 {
			t.Fatalf("extension %d: %d packets", i, len(w.packets))
		}
		if p := w.packets[i]; !bytes.Equal(p.Payload, payload) || p.Extension {
			t.Errorf("extension %d: forwarded %x, extension %v", i, p.Payload, p.Extension)
		}
	}
}

// TestNumbersWrapUnderProtection: SRTP counts the wraps of the 16 bits itself (RFC 3711 §3.3.1); three of them, with a late
// packet across each.
func TestNumbersWrapUnderProtection(t *testing.T) {
	server, browser := shields()
	h := rtp.Header{Version: 2, PayloadType: 96, SSRC: 7, SequenceNumber: 65530}
	payload := make([]byte, 30)
	var late []byte
	for i := range 3 << 16 {
		sealed, err := server.sealRTP(make([]byte, 0, 100), &h, payload)
		if err != nil {
			t.Fatal(err)
		}
		if h.SequenceNumber == 65535 { // overtaken by what comes after the wrap
			late = sealed
		} else if _, _, err := browser.openRTP(sealed); err != nil {
			t.Fatalf("packet %d (%d): %v", i, h.SequenceNumber, err)
		}
		if h.SequenceNumber == 5 {
			if _, _, err := browser.openRTP(late); err != nil {
				t.Fatalf("a late packet across wrap %d: %v", i>>16, err)
			}
		}
		h.SequenceNumber++
	}
}

// asks counts what an uplink asks for.
type asks struct {
	peer
	packets int
}

func (a *asks) askPackets(_ uint32, seqs []uint16) { a.packets += len(seqs) }
