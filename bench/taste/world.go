package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"passerby/match"
)

// world is a kind of crowd. Nobody knows what people are like; these are guesses that differ in what there is to learn.
type world struct {
	name   string
	talk   float64 // spread of how much people like to talk; 0: all the same
	topic  float64 // what a common interest adds
	sybils float64 // share of those who skip everybody …
	game   bool    // … and talk long with each other, by a tag of their own, to look like talkers
}

var worlds = []world{
	{"people and interests", 1.2, 0.8, 0, false},
	{"people alone", 1.2, 0, 0, false},
	{"interests alone", 0, 1.5, 0, false},
	{"nothing to learn", 0, 0, 0, false},
	{"sybils who skip", 1.2, 0.8, 0.05, false},
	{"sybils who game", 1.2, 0.8, 0.05, true},
}

const (
	topics   = 8
	synonyms = 5 // words for each
)

// person is one of a crowd.
type person struct {
	likes float64
	topic int
	tags  []string
	sybil bool

	found  time.Duration // when he began to look
	online time.Duration // honest measure: time spent looking or talking
	talked time.Duration
	good   time.Duration // of it in talks of a minute or more
}

func (w world) crowd(rng *rand.Rand, n int) []person {
	all := make([]person, n)
	for i := range all {
		p := person{likes: rng.NormFloat64()*w.talk - 0.3, topic: rng.IntN(topics), sybil: rng.Float64() < w.sybils}
		if rng.IntN(2) == 0 {
			for range 1 + rng.IntN(2) {
				p.tags = append(p.tags, fmt.Sprintf("t%d%c", p.topic, 'a'+rng.IntN(synonyms)))
			}
		}
		if p.sybil && w.game {
			p.tags = []string{fmt.Sprint("ring", rng.IntN(10))}
		}
		all[i] = p
	}
	return all
}

// talk draws how long two talk.
func (w world) talk2(rng *rand.Rand, a, b *person) time.Duration {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	long := seconds(min(3600, 60+240*math.Exp(rng.NormFloat64())))
	short := seconds(2 + rng.ExpFloat64()*6)
	if a.sybil || b.sybil {
		if w.game && a.sybil && b.sybil {
			return seconds(65)
		}
		return seconds(2)
	}
	z := a.likes + b.likes - 0.4
	if a.topic == b.topic {
		z += w.topic
	}
	if rng.Float64() < 1/(1+math.Exp(-z)) {
		return long
	}
	return min(short, 50*time.Second)
}

func (p *person) wish(tags bool) match.Wish {
	w := match.Wish{Mode: match.Text}
	if tags {
		w.Tags = p.tags
	}
	return w
}
