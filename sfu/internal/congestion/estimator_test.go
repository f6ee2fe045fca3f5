package congestion_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"passerby/sfu/internal/congestion"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// network is a bottleneck with a queue, and a browser behind it that gives feedback every 100 ms.
type network struct {
	capacity float64       // bits a second; 0: no bottleneck
	queue    time.Duration // that packets wait at most, else they are dropped
	delay    time.Duration // one way
	jitter   time.Duration
	loss     float64
}

// sender sends 30 pictures a second, at the limit or at what it wants.
type sender struct {
	t       *testing.T
	net     network
	wants   float64 // bits a second
	e       *congestion.Estimator
	random  *rand.Rand
	now     time.Time
	free    time.Time // when the bottleneck is
	last    time.Time
	reports []report
	pending []arrival
	next    uint16 // number that the receiver reports first
	waits   time.Duration
	stalls  time.Duration // the browser stands still for so long, every two seconds
	lost    int
}

type arrival struct {
	seq uint16
	at  time.Time
}

type report struct {
	at time.Time
	b  []byte
}

func newSender(t *testing.T, n network, wants float64) *sender {
	return &sender{t: t, net: n, wants: wants, e: congestion.New(epoch), random: rand.New(rand.NewPCG(1, 2)), now: epoch}
}

func (s *sender) packet(size int) {
	seq := s.e.Sent(size, s.now)
	if s.random.Float64() < s.net.loss {
		s.lost++
		return
	}
	at := s.now
	if s.net.capacity > 0 {
		at = later(at, s.free)
		if at.Sub(s.now) > s.net.queue {
			s.lost++
			return
		}
		at = at.Add(time.Duration(float64(size+28) * 8 / s.net.capacity * 1e9))
		s.free = at
	}
	s.waits = max(s.waits, at.Sub(s.now))
	at = at.Add(s.net.delay + time.Duration(s.random.Int64N(int64(s.net.jitter)+1)))
	if s.stalls > 0 {
		era := at.Sub(epoch).Truncate(2 * time.Second)
		at = later(at, epoch.Add(era+s.stalls))
	}
	at = later(at, s.last)
	s.last = at
	s.pending = append(s.pending, arrival{seq, at})
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// run lets the sender send for so long, and gives its mean rate.
func (s *sender) run(d time.Duration) (rate float64) {
	s.waits = 0
	bytes, feedback := 0, s.now
	for end := s.now.Add(d); s.now.Before(end); s.now = s.now.Add(time.Second / 30) {
		for len(s.reports) > 0 && !s.reports[0].at.After(s.now) {
			r, err := congestion.Parse(s.reports[0].b)
			if err != nil {
				s.t.Fatal(err)
			}
			s.e.Feedback(r, s.now)
			s.reports = s.reports[1:]
		}
		if !s.now.Before(feedback) {
			feedback = s.now.Add(100 * time.Millisecond)
			s.report()
		}
		to := s.wants
		if limit := s.e.Limit(); limit > 0 {
			to = min(to, float64(limit))
		}
		picture := s.now
		for left := int(to / 8 / 30); left > 0; left -= 1128 {
			size := min(left, 1128)
			bytes += size
			s.now = s.now.Add(time.Duration(float64(size*8) / (2.5 * to) * 1e9)) // browsers pace
			s.packet(max(size-28, 1))
			for range s.e.Probe(s.now) {
				s.packet(max(size-28, 1))
			}
		}
		s.now = picture
	}
	return float64(bytes) * 8 / d.Seconds()
}

// report tells what has arrived since the last time.
func (s *sender) report() {
	n := 0
	for n < len(s.pending) && !s.pending[n].at.After(s.now) {
		n++
	}
	if n == 0 {
		return
	}
	got := map[uint16]time.Time{}
	newest := s.next
	for _, a := range s.pending[:n] {
		got[a.seq] = a.at
		if int16(a.seq-newest) > 0 {
			newest = a.seq
		}
	}
	s.pending = s.pending[n:]
	s.reports = append(s.reports, report{s.now.Add(s.net.delay), feedback(s.next, int(newest-s.next)+1, got)})
	s.next = newest + 1
}

// feedback writes one, all of whose deltas are large.
func feedback(base uint16, count int, got map[uint16]time.Time) []byte {
	reference := int64(1 << 40)
	for _, at := range got {
		reference = min(reference, at.UnixMicro()/64_000)
	}
	b := make([]byte, 20, 64)
	b[0], b[1] = 0x80|congestion.Format, congestion.Type
	binary.BigEndian.PutUint16(b[12:], base)
	binary.BigEndian.PutUint16(b[14:], uint16(count))
	binary.BigEndian.PutUint32(b[16:], uint32(reference)<<8)
	var deltas []byte
	last := reference * 64_000 / 250
	for i := 0; i < count; i += 7 {
		chunk := uint16(0xc000)
		for j := range 7 {
			at, ok := got[base+uint16(i+j)]
			if !ok || i+j >= count {
				continue
			}
			chunk |= 2 << (2 * (6 - j))
			tick := at.UnixMicro() / 250
			deltas = binary.BigEndian.AppendUint16(deltas, uint16(tick-last))
			last = tick
		}
		b = binary.BigEndian.AppendUint16(b, chunk)
	}
	b = append(b, deltas...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)/4-1))
	return b
}

// TestNoLimit: who is not held back is not limited, whatever the network does that is no congestion.
func TestNoLimit(t *testing.T) {
	for name, n := range map[string]network{
		"perfect":           {},
		"50 ms":             {delay: 50 * time.Millisecond},
		"5 % loss":          {delay: 50 * time.Millisecond, loss: 0.05},
		"jitter":            {delay: 50 * time.Millisecond, jitter: 15 * time.Millisecond},
		"enough, a queue":   {delay: 20 * time.Millisecond, capacity: 3e6, queue: time.Second},
		"jitter and losses": {delay: 20 * time.Millisecond, jitter: 10 * time.Millisecond, loss: 0.03},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, n, 1.5e6)
			s.run(time.Minute)
			if got := s.e.Limit(); got != 0 {
				t.Errorf("limited to %d", got)
			}
		})
	}
}

// TestStalls: a browser that has too much else to do is no congestion of the network.
func TestStalls(t *testing.T) {
	for _, stall := range []time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second} {
		for _, wants := range []float64{60e3, 300e3, 1.5e6} {
			s := newSender(t, network{delay: 50 * time.Millisecond, jitter: 20 * time.Millisecond}, wants)
			s.stalls = stall
			s.run(time.Minute)
			if got := s.e.Limit(); got != 0 {
				t.Errorf("%v of every two seconds, %.0f bit/s: limited to %d", stall, wants, got)
			}
		}
	}
}

// TestBottleneck: the limit comes near the capacity, packets do not pile up, and it is found out when there is more.
func TestBottleneck(t *testing.T) {
	for name, n := range map[string]network{
		"300 kb/s, long queue":  {delay: 25 * time.Millisecond, capacity: 300e3, queue: 2 * time.Second},
		"300 kb/s, short queue": {delay: 25 * time.Millisecond, capacity: 300e3, queue: 120 * time.Millisecond},
		"700 kb/s":              {delay: 50 * time.Millisecond, capacity: 700e3, queue: time.Second},
		"150 kb/s":              {delay: 50 * time.Millisecond, capacity: 150e3, queue: time.Second},
		"300 kb/s, 3 % loss":    {delay: 50 * time.Millisecond, capacity: 300e3, queue: time.Second, loss: 0.03},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSender(t, n, 1.5e6)
			s.run(10 * time.Second)
			rate := s.run(30 * time.Second)
			if rate < 0.6*n.capacity || rate > 1.05*n.capacity {
				t.Errorf("%.0f of %.0f bit/s", rate, n.capacity)
			}
			if s.waits > 700*time.Millisecond {
				t.Errorf("packets waited up to %v", s.waits)
			}
			t.Logf("%.2f of the capacity, packets waited at most %v, %d lost", rate/n.capacity, s.waits, s.lost)
			s.net.capacity = 0
			begun := s.now
			for s.run(time.Second) < 1.4e6 {
				if s.now.Sub(begun) > 25*time.Second {
					t.Fatalf("limited to %d long after there was more", s.e.Limit())
				}
			}
			t.Logf("back at 1.4 Mb/s after %v", s.now.Sub(begun))
		})
	}
}

// TestDrop: the capacity falls in the middle of a call.
func TestDrop(t *testing.T) {
	s := newSender(t, network{delay: 50 * time.Millisecond, capacity: 2.5e6, queue: 3 * time.Second}, 1.5e6)
	s.run(10 * time.Second)
	s.net.capacity = 300e3
	s.run(8 * time.Second)
	s.run(5 * time.Second)
	if s.waits > 500*time.Millisecond {
		t.Errorf("eight seconds after the drop packets still wait up to %v", s.waits)
	}
}

// TestSwitch: a partner who sends little leaves no low limit to the next one.
func TestSwitch(t *testing.T) {
	s := newSender(t, network{delay: 50 * time.Millisecond, capacity: 250e3, queue: time.Second}, 1.5e6)
	s.run(20 * time.Second)
	s.net.capacity, s.wants = 0, 80e3 // now it is the partner who has no more
	s.run(10 * time.Second)
	s.wants = 1.5e6
	s.e.Switched(s.now)
	s.run(8 * time.Second)
	if rate := s.run(time.Second); rate < 1.0e6 {
		t.Errorf("%.0f bit/s after eight seconds", rate)
	}
}

func TestFeedbackDoesNotAllocate(t *testing.T) {
	e := congestion.New(epoch)
	now := epoch
	got := map[uint16]time.Time{}
	for i := range 50 {
		got[uint16(i)] = epoch.Add(time.Duration(i) * time.Millisecond)
	}
	b := feedback(0, 50, got)
	if n := testing.AllocsPerRun(100, func() {
		for range 50 {
			now = now.Add(time.Millisecond)
			e.Sent(1000, now)
			e.Probe(now)
		}
		r, err := congestion.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		e.Feedback(r, now)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzFeedback holds the parser to pion's, where pion accepts, and the estimator to no panic.
func FuzzFeedback(f *testing.F) {
	f.Add(feedback(65530, 12, map[uint16]time.Time{65530: epoch, 65535: epoch.Add(time.Millisecond), 3: epoch.Add(time.Second)}))
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 3, 0, 0, 9, 1, 0x20, 3, 4, 8})
	f.Add([]byte{0xaf, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 1, 0, 0, 9, 1, 0xa0, 0, 4, 1})
	e := congestion.New(epoch)
	now := epoch
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := congestion.Parse(b)
		if err != nil {
			return
		}
		now = now.Add(time.Millisecond)
		e.Sent(1200, now)
		e.Feedback(r, now)
		var want rtcp.TransportLayerCC
		if want.Unmarshal(b) != nil {
			return
		}
		received, n := 0, 0
		for {
			_, _, ok, more := r.Next()
			if !more {
				break
			}
			n++
			if ok {
				received++
			}
		}
		if n != int(want.PacketStatusCount) {
			t.Errorf("%d statuses of %d", n, want.PacketStatusCount)
		}
		if received > len(want.RecvDeltas) {
			t.Errorf("%d of %d received", received, len(want.RecvDeltas))
		}
	})
}

// TestWant: who is sent little because more does not fit is not flooded with probes, and gets more soon after there is room. The
// sender has pictures of 100 kb/s, and others of 600.
func TestWant(t *testing.T) {
	const little, much = 100e3, 600e3
	for _, capacity := range []float64{150e3, 300e3, 500e3} {
		s := newSender(t, network{delay: 50 * time.Millisecond, capacity: capacity, queue: time.Second}, much)
		s.run(10 * time.Second) // too much
		s.wants = little
		s.e.Want(1.15 * much)
		s.run(5 * time.Second)
		s.run(time.Minute)
		if s.waits > 600*time.Millisecond {
			t.Errorf("%.0f bit/s: packets waited up to %v", capacity, s.waits)
		}
		waits := s.waits
		s.net.capacity = 0
		begun := s.now
		for limit := s.e.Limit(); limit > 0 && float64(limit) < 1.15*much; limit = s.e.Limit() {
			s.run(100 * time.Millisecond)
			if s.now.Sub(begun) > 30*time.Second {
				t.Fatalf("%.0f bit/s: limited to %d long after there was more", capacity, limit)
			}
		}
		t.Logf("%.0f bit/s: packets waited at most %v; room for more is found after %v", capacity, waits, s.now.Sub(begun))
	}
}

// TestLossy: a way that loses packets is known for one, for a while also when what is sent twice hides it; a full one is none.
func TestLossy(t *testing.T) {
	s := newSender(t, network{delay: 50 * time.Millisecond}, 300e3)
	looks := func(after time.Duration, want bool) {
		t.Helper()
		if s.run(after); s.e.Lossy() != want {
			t.Errorf("%v more: lossy %t", after, !want)
		}
	}
	looks(10*time.Second, false)
	s.net.loss = 0.05
	looks(10*time.Second, true)
	s.net.loss = 0.002
	looks(5*time.Second, true)
	looks(15*time.Second, false)
	s.net.loss, s.net.capacity, s.net.queue = 0, 150e3, time.Second
	looks(20*time.Second, false)
}
