package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"passerby/match"
)

// person is one who comes, with what became of him.
type person struct {
	wish   match.Wish
	at     time.Duration // of arrival
	met    time.Duration // of the match; 0: none
	other  int
	shared bool

	estimate time.Duration // as told on arrival; 0: none
	position int
}

func (p person) waited() time.Duration { return p.met - p.at }

// population draws n people who arrive by Poisson's law: gender 60/35/5, three in five want anyone, up to five tags of
// 5000 by Zipf's law.
func population(seed uint64, n int, rate float64) []person {
	rng := rand.New(rand.NewPCG(seed, 0))
	tags := rand.NewZipf(rng, 1.1, 1, 4999)
	gender := func() match.Gender {
		switch n := rng.IntN(100); {
		case n < 60:
			return match.Male
		case n < 95:
			return match.Female
		}
		return match.Other
	}
	people := make([]person, n)
	var now time.Duration
	for i := range people {
		now += time.Duration(rng.ExpFloat64() / rate * float64(time.Second))
		w := match.Wish{Mode: match.Text, Gender: gender()}
		if rng.IntN(100) >= 60 {
			w.Seeking = []match.Gender{gender()}
		}
		for range rng.IntN(6) {
			w.Tags = append(w.Tags, fmt.Sprint("tag", tags.Uint64()))
		}
		w, err := w.Normalize()
		if err != nil {
			panic(err)
		}
		people[i] = person{wish: w, at: now, other: -1}
	}
	return people
}

func compatible(a, b person) bool {
	return match.Accepts(a.wish.Seeking, b.wish.Gender) && match.Accepts(b.wish.Seeking, a.wish.Gender)
}

func share(a, b person) bool { return len(match.SharedTags(a.wish.Tags, b.wish.Tags)) > 0 }
