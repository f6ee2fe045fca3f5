package moderation_test

import (
	"math"
	"testing"

	"passerby/internal/moderation"
)

func TestWeight(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    moderation.Reporter
		want float64
	}{
		{"a newcomer", moderation.Reporter{}, 0.5},
		{"who was right once", moderation.Reporter{Upheld: 1}, 2.0 / 3},
		{"who was right often", moderation.Reporter{Upheld: 18}, 0.95},
		{"who was wrong once", moderation.Reporter{Dismissed: 1}, 1.0 / 3},
		{"who was wrong often", moderation.Reporter{Dismissed: 18}, 0.05},
		{"half and half", moderation.Reporter{Upheld: 9, Dismissed: 9}, 0.5},
		{"who abused it once", moderation.Reporter{Dismissed: 1, Abusive: 1}, 0.2},
		{"who has a bad hour", moderation.Reporter{LastHour: 6}, 0.5},
		{"a flood", moderation.Reporter{LastHour: 60}, 0.05},
		{"a flood of one who was right often", moderation.Reporter{Upheld: 18, LastHour: 60}, 0.095},
		{"the worst", moderation.Reporter{Dismissed: 1000, Abusive: 1000, LastHour: 1000}, 0.02},
		{"nonsense", moderation.Reporter{Upheld: -5, Dismissed: -5, Abusive: 9, LastHour: -1}, 0.5},
	} {
		if got := moderation.Weight(tt.r); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%s: %.4f, want %.4f", tt.name, got, tt.want)
		}
	}
}

// More of what is bad never makes a report weigh more.
func TestWeightOnlyFalls(t *testing.T) {
	for upheld := range 6 {
		for dismissed := range 6 {
			for hour := range 20 {
				w := moderation.Weight(moderation.Reporter{Upheld: upheld, Dismissed: dismissed, LastHour: hour})
				for name, worse := range map[string]moderation.Reporter{
					"dismissed": {Upheld: upheld, Dismissed: dismissed + 1, LastHour: hour},
					"rate":      {Upheld: upheld, Dismissed: dismissed, LastHour: hour + 1},
				} {
					if moderation.Weight(worse) > w {
						t.Errorf("%d upheld, %d dismissed, %d an hour: more %s weighs more", upheld, dismissed, hour, name)
					}
				}
				if better := moderation.Weight(moderation.Reporter{Upheld: upheld + 1, Dismissed: dismissed, LastHour: hour}); better < w {
					t.Errorf("one more upheld weighs less")
				}
			}
		}
	}
}
