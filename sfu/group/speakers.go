package group

import "slices"

// The voice of a person close to a microphone is some −40 to −10 dBov, a quiet room −60 and less.
const (
	quiet     = 127 - 50 // loudness (dB above −127 dBov) that is no speech
	attack    = 0.5      // of the difference, each time
	release   = 0.15
	clearly   = 1.5 // times as loud as the speaker is who takes the floor
	atLeast   = 4.0 // dB of smoothed speech that make a speaker at all
	staysLoud = 2   // times in a row
)

// speakers orders people by who spoke last. It is pure: the caller says what was heard, and when to choose.
//
//	loudness ─▶ over quiet? ─▶ smoothed: up fast, down slowly ─▶ clearly louder than the speaker, twice in a row ─▶ to the front
//
// A cough is short and a sigh between sentences too: neither changes the order.
type speakers struct {
	list []person // the speaker first, then those before him; who never spoke as they joined
}

type person struct {
	id    string
	now   float64 // dB over quiet, as heard last
	loud  float64 // the same, smoothed
	times int     // in a row that he was clearly louder than the speaker
}

func (s *speakers) join(id string) {
	if s.at(id) < 0 {
		s.list = append(s.list, person{id: id})
	}
}

func (s *speakers) leave(id string) {
	s.list = slices.DeleteFunc(s.list, func(p person) bool { return p.id == id })
}

func (s *speakers) at(id string) int {
	return slices.IndexFunc(s.list, func(p person) bool { return p.id == id })
}

// heard notes how loud somebody was since the last time, on average.
func (s *speakers) heard(id string, loudness float64) {
	i := s.at(id)
	if i < 0 {
		return
	}
	p := &s.list[i]
	speech := max(0, loudness-quiet)
	rate := release
	if speech > p.loud {
		rate = attack
	}
	p.now = speech
	p.loud += (speech - p.loud) * rate
}

// choose brings who took the floor to the front, and says whether anybody did.
func (s *speakers) choose() bool {
	if len(s.list) == 0 {
		return false
	}
	best := 0
	for i := range s.list {
		p := &s.list[i]
		if i == 0 || p.now < atLeast || p.loud < atLeast || p.loud < clearly*s.list[0].loud {
			p.times = 0
			continue
		}
		p.times++
		if p.times >= staysLoud && (best == 0 || p.loud > s.list[best].loud) {
			best = i
		}
	}
	if best == 0 {
		return false
	}
	p := s.list[best]
	p.times = 0
	s.list = slices.Insert(slices.Delete(s.list, best, best+1), 0, p)
	return true
}

// speaker is who spoke last, "" when nobody is there.
func (s *speakers) speaker() string {
	if len(s.list) == 0 {
		return ""
	}
	return s.list[0].id
}

// others are the n who spoke last, but for one.
func (s *speakers) others(but string, n int) []string {
	var out []string
	for _, p := range s.list {
		if p.id != but && len(out) < n {
			out = append(out, p.id)
		}
	}
	return out
}

// assign puts those who are wanted into slots: who has one stays there, the others take those that are left, in order.
func assign(slots, wanted []string) []string {
	out := make([]string, len(slots))
	var rest []string
	for _, id := range wanted {
		if i := slices.Index(slots, id); i >= 0 {
			out[i] = id
		} else {
			rest = append(rest, id)
		}
	}
	for i := range out {
		if out[i] == "" && len(rest) > 0 {
			out[i], rest = rest[0], rest[1:]
		}
	}
	return out
}
