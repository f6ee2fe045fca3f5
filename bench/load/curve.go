package main

import "math"

// curves answer the share of people who are online at a share of the time.
var curves = map[string]func(t float64) float64{
	"constant": func(t float64) float64 { return min(1, t/0.1) }, // everybody in within a tenth
	"ramp":     func(t float64) float64 { return min(1, t/0.8) },
	"burst": func(t float64) float64 { // a fifth, then all at once, then a fifth
		if t > 0.3 && t < 0.6 {
			return 1
		}
		return 0.2
	},
	"day": func(t float64) float64 { return 0.55 - 0.45*math.Cos(2*math.Pi*t) },
}
