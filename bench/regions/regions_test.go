package main

import (
	"math"
	"testing"
	"time"
)

// A day has its hours, and the shares are all of the world.
func TestCrowd(t *testing.T) {
	sum, share := 0.0, 0.0
	for h := range 240 {
		a := awake(float64(h) / 10)
		if a < 0.2 || a > 1.8 {
			t.Errorf("hour %v: %v", float64(h)/10, a)
		}
		sum += a / 240
	}
	for _, r := range regions {
		share += r.share
	}
	if math.Abs(sum-1) > 0.01 || math.Abs(share-1) > 1e-9 || awake(21) < 1.7 || awake(5) > 0.3 {
		t.Errorf("mean of a day %v, shares %v, evening %v, night %v", sum, share, awake(21), awake(5))
	}
}

// Regions alone never mix; with overflow nobody waits for long; without regions many meet somebody far.
func TestPolicies(t *testing.T) {
	for _, p := range []policy{{"none", false, 0}, {"overflow", true, time.Second}, {"alone", true, 1000 * time.Hour}} {
		all, err := play(t.Context(), p, 2000, 3, 1500, 1)
		if err != nil {
			t.Fatal(err)
		}
		met, far := 0.0, 0.0
		for _, v := range all {
			if v.met > 0 {
				met++
				if v.far {
					far++
				}
			}
		}
		switch share := far / met; {
		case met < 1400, p.name == "alone" && far > 0, p.name == "none" && share < 0.5, p.name == "overflow" && (share == 0 || share > 0.5):
			t.Errorf("%s: %v met, %v of them far", p.name, met, far)
		}
	}
}
