package main

import (
	"encoding/json"
	"testing"
)

// In a small crowd each policy lets everybody talk, the same seed gives the same outcome, and nobody starves: the longest wait is that
// of the grace time and Hold, and of a crowd so small that nobody may be there.
func TestPolicies(t *testing.T) {
	for _, p := range policies {
		o, err := measure(worlds[0], p, 100, 2, 1)
		if err != nil {
			t.Fatal(err)
		}
		if o.Mean < 30 || o.Share < 0.5 || o.Tenth <= 0.1 || o.WaitMost > 60 {
			t.Errorf("%s: %+v", p.name, o)
		}
	}
	a, err := measure(worlds[5], policies[0], 60, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	b, err := measure(worlds[5], policies[0], 60, 2, 3)
	if err != nil || a != b {
		t.Errorf("%+v, and again %+v, %v", a, b, err)
	}
}

// Two people who hardly talk make figures too: JSON knows no NaN.
func TestFewPeople(t *testing.T) {
	for _, w := range worlds {
		for _, hours := range []int{1, 2} { // of one hour nothing is counted
			o, err := measure(w, policies[0], 2, hours, 1)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(o); err != nil {
				t.Errorf("%s: %v in %+v", w.name, err, o)
			}
		}
	}
}
