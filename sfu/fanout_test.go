package sfu

import (
	"strconv"
	"testing"
	"time"

	"github.com/pion/rtp"
)

// BenchmarkFanOut is what one packet of video to 50 receivers costs beside system calls: for each the gate, the numbers, the
// ring, and the seal under keys of his own. "seal" is the seal alone, which any server needs.
func BenchmarkFanOut(b *testing.B) {
	const receivers = 50
	fan := func(b *testing.B) (*peer, []*shield) {
		from, _ := pair(b)
		s := from.server
		s.Route("to", "", 0)
		var all []*shield
		for i := range receivers {
			id := strconv.Itoa(i)
			p := &peer{server: s, seat: s.sit(id)}
			p.ticking.Store(true)
			p.ended.Store(true)
			shield, _ := shields()
			p.shield.Store(shield)
			all = append(all, shield)
			p.seat.peer.Store(p)
			d := newDownlink(p, 0, video)
			d.negotiated([]codec{{payload: 96}}, headers{})
			p.down[0][video].Store(d)
			d.open(shield)
			s.Route(id, "from", 0)
		}
		return from, all
	}
	b.Run("forward", func(b *testing.B) {
		from, _ := fan(b)
		raw := rtpBytes(b, video, 1100)
		seq := uint16(0)
		b.ReportAllocs()
		for b.Loop() {
			seq++
			raw[2], raw[3] = byte(seq>>8), byte(seq)
			from.receiveRTP(raw, time.Now())
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/receivers, "ns/receiver")
	})
	b.Run("seal", func(b *testing.B) {
		_, all := fan(b)
		h := rtp.Header{Version: 2, PayloadType: 96, SSRC: 7}
		payload, room := make([]byte, 1100), make([]byte, 0, 1600)
		for b.Loop() {
			h.SequenceNumber++
			for _, s := range all {
				if _, err := s.sealRTP(room, &h, payload); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/receivers, "ns/receiver")
	})
}
