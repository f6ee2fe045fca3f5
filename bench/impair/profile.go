package impair

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Profile says how one direction of the network behaves. The zero value is a perfect line.
type Profile struct {
	// Delay is added to every packet.
	Delay time.Duration
	// Jitter adds between zero and this much more, evenly spread; packets still keep their order.
	Jitter time.Duration
	// Loss, Duplicate and Reorder are probabilities between 0 and 1.
	Loss, Duplicate, Reorder float64
	// ReorderBy is how much later a reordered packet leaves; zero means 20 ms.
	ReorderBy time.Duration
	// Rate is what passes, in bits per second of payload; zero means all. More waits, up to Buffer (zero means 500 ms); what
	// would wait longer is dropped. Until RateAfter since the flow's first packet there is no such limit, nor after RateUntil,
	// unless that is zero.
	Rate                 int
	Buffer               time.Duration
	RateAfter, RateUntil time.Duration
}

// Validate tells everything that is wrong with the profile.
func (p Profile) Validate() error {
	var errs []error
	for _, f := range []struct {
		name string
		v    float64
	}{{"loss", p.Loss}, {"duplicate", p.Duplicate}, {"reorder", p.Reorder}} {
		if f.v < 0 || f.v > 1 || f.v != f.v {
			errs = append(errs, fmt.Errorf("%s is %v, not a probability between 0 and 1", f.name, f.v))
		}
	}
	if p.Delay < 0 || p.Jitter < 0 || p.ReorderBy < 0 || p.Rate < 0 || p.Buffer < 0 || p.RateAfter < 0 || p.RateUntil < 0 {
		errs = append(errs, errors.New("delays and rates cannot be negative"))
	}
	return errors.Join(errs...)
}

// A Shaper decides the fate of each packet of one flow in one direction. It is pure: no clock, no I/O.
// It is not safe for concurrent use.
type Shaper struct {
	profile Profile
	random  *rand.Rand
	last    time.Time // when the newest packet that keeps the order leaves
	begun   time.Time // when the first packet came
	free    time.Time // when the bottleneck is
}

// NewShaper gives a shaper whose decisions depend on seed and flow alone.
func NewShaper(p Profile, seed, flow uint64) *Shaper {
	if p.ReorderBy == 0 {
		p.ReorderBy = 20 * time.Millisecond
	}
	if p.Buffer == 0 {
		p.Buffer = 500 * time.Millisecond
	}
	return &Shaper{profile: p, random: rand.New(rand.NewPCG(seed, flow))}
}

// Fate appends to times the moments at which a packet of size bytes that came at now leaves: none when it is lost, two
// when it is doubled. Packets leave in the order in which they came unless they are reordered.
func (s *Shaper) Fate(now time.Time, size int, times []time.Time) []time.Time {
	// Draw always the same count of numbers, so that one setting does not shift the others' luck.
	lost := s.random.Float64() < s.profile.Loss
	doubled := s.random.Float64() < s.profile.Duplicate
	late := s.random.Float64() < s.profile.Reorder
	jitter := time.Duration(s.random.Float64() * float64(s.profile.Jitter))
	if lost {
		return times
	}
	through, ok := s.squeeze(now, size)
	if !ok {
		return times
	}
	leave := through.Add(s.profile.Delay + jitter)
	if late {
		leave = leave.Add(s.profile.ReorderBy)
	} else {
		if leave.Before(s.last) {
			leave = s.last
		}
		s.last = leave
	}
	times = append(times, leave)
	if doubled {
		times = append(times, leave)
	}
	return times
}

// squeeze says when the packet is through the bottleneck. ok is false when the queue before it is full.
func (s *Shaper) squeeze(now time.Time, size int) (through time.Time, ok bool) {
	p := &s.profile
	if s.begun.IsZero() {
		s.begun = now
	}
	if since := now.Sub(s.begun); p.Rate == 0 || since < p.RateAfter || p.RateUntil != 0 && since >= p.RateUntil {
		return now, true
	}
	if s.free.Before(now) {
		s.free = now
	}
	if s.free.Sub(now) > p.Buffer {
		return now, false
	}
	s.free = s.free.Add(time.Duration(8 * size * int(time.Second) / p.Rate))
	return s.free, true
}
