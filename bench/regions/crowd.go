package main

import (
	"math"
	"math/rand/v2"

	"passerby/match"
)

// region is where a share of all people lives, with the languages that they name ("" none).
type region struct {
	name      string
	share     float64
	zone      float64 // hours from UTC
	languages []string
}

// regions are a world as one may look; nobody measured it. Shares add up to 1.
var regions = []region{
	{"eu", 0.25, 1, []string{"", "en", "de", "fr", "es"}},
	{"us-east", 0.20, -5, []string{"", "en", "en", "es"}},
	{"us-west", 0.10, -8, []string{"", "en", "en", "es"}},
	{"sa", 0.12, -3, []string{"", "pt", "pt", "es"}},
	{"ap-south", 0.18, 5.5, []string{"", "en", "hi"}},
	{"ap-east", 0.15, 9, []string{"", "en", "ja", "ja"}},
}

// cycle is the mean time from one search to the next of the same person, seconds.
const cycle = 100

// awake is how many of a region's people are online at an hour of the day there, of the mean: most at nine in the
// evening, an eighth of that at five in the morning.
func awake(hour float64) float64 {
	least, most := 0.22, 1.78
	// A cosine that is stretched so that it peaks at 21 and is least at 5.
	h := math.Mod(hour-21+48, 24)
	var phase float64
	if h < 8 {
		phase = h / 8 * math.Pi
	} else {
		phase = math.Pi + (h-8)/16*math.Pi
	}
	return least + (most-least)*(1+math.Cos(phase))/2
}

// rates are the searches a second in each region, with so many people online on the mean of a day.
func rates(people, utc float64) []float64 {
	out := make([]float64, len(regions))
	for i, r := range regions {
		out[i] = people * r.share * awake(math.Mod(utc+r.zone+24, 24)) / cycle
	}
	return out
}

// wish is what somebody of a region looks for: 60/35/5 are men, women, others; two in five seek one gender.
func wish(rng *rand.Rand, r region) match.Wish {
	gender := func() match.Gender {
		switch n := rng.IntN(100); {
		case n < 60:
			return match.Male
		case n < 95:
			return match.Female
		}
		return match.Other
	}
	w := match.Wish{Mode: match.Text, Gender: gender(), Language: r.languages[rng.IntN(len(r.languages))]}
	if rng.IntN(100) < 40 {
		w.Seeking = []match.Gender{gender()}
	}
	return w
}
