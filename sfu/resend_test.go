package sfu

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// keepWriter keeps what is written.
type keepWriter struct{ packets []rtp.Packet }

func (w *keepWriter) WriteRTP(h *rtp.Header, payload []byte) error {
	w.packets = append(w.packets, rtp.Packet{Header: h.Clone(), Payload: append([]byte(nil), payload...)})
	return nil
}

// TestResentPacketsAreIdentical: SRTP encrypts them under the same nonce again,
// so a single changed bit would break AES-GCM.
func TestResentPacketsAreIdentical(t *testing.T) {
	from, _ := pair(t)
	w := &keepWriter{}
	var d *downlink
	for _, to := range *from.seat.fed.Load() {
		d = to.downlink(video)
	}
	d.writer = w
	b := rtpBytes(t, video, 500)
	now := time.Now()
	for i := range 20 {
		b[1] = b[1]&0x7f | byte(i%3/2)<<7 // marker
		b[3], b[7], b[16] = byte(i), byte(i*7), byte(i)
		from.receiveRTP(b, now)
	}
	if len(w.packets) != 20 {
		t.Fatalf("%d packets forwarded", len(w.packets))
	}
	first := w.packets[0].SequenceNumber
	pairs := []rtcp.NackPair{{PacketID: first + 3, LostPackets: 0xffff}, {PacketID: first - 1}, {PacketID: first + 500}}
	d.resend(pairs, now.Add(resendGap-time.Millisecond))
	if len(w.packets) != 20 {
		t.Errorf("%d packets were sent again at once", len(w.packets)-20)
	}
	d.resend(pairs, now.Add(resendGap))
	if diff := cmp.Diff(w.packets[3:20], w.packets[20:]); diff != "" {
		t.Errorf("sent again (-first +again):\n%s", diff)
	}
}

// A downlink bears its own SSRC before anything is negotiated, and answers no NACK for what went out under another payload type.
func TestHeadersAreNotMixed(t *testing.T) {
	from, _ := pair(t)
	var fresh []*downlink
	seen := map[uint32]bool{}
	for slot := range MaxSlots {
		fresh = append(fresh, newDownlink(from, slot, audio), newDownlink(from, slot, video))
	}
	for _, d := range fresh {
		if d.header.SSRC != d.ssrc || d.ssrc == 0 {
			t.Errorf("the header says %d, the answer %d", d.header.SSRC, d.ssrc)
		}
		if seen[d.ssrc] {
			t.Errorf("two downlinks have the SSRC %d", d.ssrc)
		}
		seen[d.ssrc] = true
	}
	w := &keepWriter{}
	var d *downlink
	for _, to := range *from.seat.fed.Load() {
		d = to.downlink(video)
	}
	d.writer = w
	now := time.Now()
	from.receiveRTP(rtpBytes(t, video, 500), now)
	if len(w.packets) != 1 {
		t.Fatalf("%d packets", len(w.packets))
	}
	nack := []rtcp.NackPair{{PacketID: w.packets[0].SequenceNumber}}
	d.negotiated([]codec{{payload: d.header.PayloadType}}, headers{})
	d.resend(nack, now.Add(time.Second))
	if len(w.packets) != 2 {
		t.Error("the same payload type again empties the ring")
	}
	d.negotiated([]codec{{payload: d.header.PayloadType + 1}}, headers{})
	d.resend(nack, now.Add(2*time.Second))
	if len(w.packets) != 2 {
		t.Error("a packet was sent again under another header")
	}
}
