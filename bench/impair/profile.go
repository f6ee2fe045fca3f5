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
	if p.Delay < 0 || p.Jitter < 0 || p.ReorderBy < 0 {
		errs = append(errs, errors.New("delay, jitter and reorder-by cannot be negative"))
	}
	return errors.Join(errs...)
}

// A Shaper decides the fate of each packet of one flow in one direction. It is pure: no clock, no I/O.
// It is not safe for concurrent use.
type Shaper struct {
	profile Profile
	random  *rand.Rand
	last    time.Time // when the newest packet that keeps the order leaves
}

// NewShaper gives a shaper whose decisions depend on seed and flow alone.
func NewShaper(p Profile, seed, flow uint64) *Shaper {
	if p.ReorderBy == 0 {
		p.ReorderBy = 20 * time.Millisecond
	}
	return &Shaper{profile: p, random: rand.New(rand.NewPCG(seed, flow))}
}

// Fate appends to times the moments at which a packet that came at now leaves: none when it is lost, two
// when it is doubled. Packets leave in the order in which they came unless they are reordered.
func (s *Shaper) Fate(now time.Time, times []time.Time) []time.Time {
	// Draw always the same count of numbers, so that one setting does not shift the others' luck.
	lost := s.random.Float64() < s.profile.Loss
	doubled := s.random.Float64() < s.profile.Duplicate
	late := s.random.Float64() < s.profile.Reorder
	jitter := time.Duration(s.random.Float64() * float64(s.profile.Jitter))
	if lost {
		return times
	}
	leave := now.Add(s.profile.Delay + jitter)
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
