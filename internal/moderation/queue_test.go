package moderation

import (
	"slices"
	"testing"
	"time"

	"passerby/internal/store"
)

var noon = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func reports(person, reason string, severity int, at time.Time, by ...string) (all []store.Report) {
	for _, reporter := range by {
		all = append(all, store.Report{Reported: person, Reporter: reporter, Reason: reason, Severity: severity, Weight: 1, At: at})
	}
	return all
}

// A flood of one reporter weighs as one; an old case rises above a popular one; the most severe is first whatever the others weigh.
func TestOrderOfTheQueue(t *testing.T) {
	flood := reports("flooded", "spam", 1, noon, slices.Repeat([]string{"troll"}, 50)...)
	popular := reports("popular", "spam", 1, noon, "a", "b", "c")
	old := reports("old", "spam", 1, noon.Add(-4*24*time.Hour), "a")
	severe := reports("severe", "minor", 5, noon, "a")
	cases := group(slices.Concat(flood, popular, old, severe, reports("popular", "other", 1, noon, "a")))
	order(cases, noon)
	var got []string
	for _, c := range cases {
		got = append(got, c.Person)
	}
	if want := []string{"severe", "old", "popular", "flooded"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if c := cases[3]; c.Reports != 50 || c.Reporters != 1 || c.Weight != 1 {
		t.Errorf("the flooded one: %+v", c)
	}
	if c := cases[2]; c.Reports != 4 || c.Reporters != 3 || c.Weight != 3 || !slices.Equal(c.Reasons, []string{"other", "spam"}) {
		t.Errorf("the popular one: %+v", c)
	}
}

func TestWhatIsNoAct(t *testing.T) {
	good := Act{Kind: Ban, Reports: []string{"r"}, Reason: "spam", Days: 7, Device: true}
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Act){
		"no kind": func(a *Act) { a.Kind = "" }, "an unknown kind": func(a *Act) { a.Kind = "delete" }, "no report": func(a *Act) { a.Reports = nil },
		"no reason": func(a *Act) { a.Reason = " " }, "odd days": func(a *Act) { a.Days = 3 }, "negative": func(a *Act) { a.Days = -1 },
		"nobody": func(a *Act) { a.Device = false }, "an unknown range": func(a *Act) { a.Range = "planet" },
		"a network for good": func(a *Act) { a.Days, a.Range = 0, Wide }, "a warning of 7 days": func(a *Act) { a.Kind = Warn },
		"a long message": func(a *Act) { a.Message = string(make([]byte, 1001)) }, "too many": func(a *Act) { a.Reports = make([]string, 101) },
	} {
		a := good
		if change(&a); a.validate() == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
