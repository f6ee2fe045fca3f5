package stream_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"passerby/sfu/internal/stream"
)

func TestReception(t *testing.T) {
	var r stream.Reception
	ms := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Millisecond) }
	if r.Started() {
		t.Error("started without a packet")
	}
	// Ten packets from 65530 on, 20 ms apart; the fourth and fifth are lost.
	for i := range 10 {
		if i == 3 || i == 4 {
			continue
		}
		r.Packet(packet(uint16(65530+i), uint32(i*1800), 1), 90000, ms(20*i))
	}
	r.SenderReport(0x1122334455667788, ms(190))
	want := stream.Report{FractionLost: 2 * 256 / 10, TotalLost: 2, Highest: 1<<16 + 3, LastSR: 0x33445566, Delay: 65536 / 2}
	if diff := cmp.Diff(want, r.Report(ms(690))); diff != "" {
		t.Errorf("first report (-want +got):\n%s", diff)
	}
	// Nothing lost since; one packet comes 16 ms late.
	r.Packet(packet(4, 18000, 1), 90000, ms(216))
	got := r.Report(ms(690))
	if got.FractionLost != 0 || got.TotalLost != 2 {
		t.Errorf("second report: %+v", got)
	}
	if got.Jitter != 90 { // 16 ms × 90 / 16
		t.Errorf("jitter %d", got.Jitter)
	}
}
