// Package class sorts wishes by all that the mutual hard limit on gender looks at, for the queues' indexes.
package class

import "passerby/match"

// A class is own gender (4) × genders sought (8): 5 bits.

// Count is how many classes there are.
const Count = 32

var genders = [4]match.Gender{match.Unstated, match.Female, match.Male, match.Other}

// Accepting has for each class a bit for each class that it and that accept each other.
var Accepting = func() (masks [Count]uint32) {
	for a := range Count {
		for b := range Count {
			if match.Accepts(seeks(a), genders[b>>3]) && match.Accepts(seeks(b), genders[a>>3]) {
				masks[a] |= 1 << b
			}
		}
	}
	return masks
}()

// seeks lists the genders that a class seeks; none means anyone.
func seeks(class int) []match.Gender {
	var out []match.Gender
	for i, g := range genders[1:] {
		if class&(1<<i) != 0 {
			out = append(out, g)
		}
	}
	return out
}

// Of returns the class of a normalised wish.
func Of(w match.Wish) uint8 {
	var class uint8
	for i, g := range genders {
		if w.Gender == g {
			class = uint8(i) << 3
		}
	}
	for _, want := range w.Seeking {
		for i, g := range genders[1:] {
			if want == g {
				class |= 1 << i
			}
		}
	}
	return class
}
