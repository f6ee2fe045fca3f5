package match_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"passerby/match"
)

// person is a ticket that has waited for so many seconds at noon.
func person(name string, waited int, w match.Wish) match.Ticket {
	if w.Mode == "" {
		w.Mode = match.Text
	}
	return match.Ticket{Session: name, User: name, Wish: w, Since: noon.Add(-time.Duration(waited) * time.Second)}
}

var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

const grace = 10 * time.Second

func TestAgree(t *testing.T) {
	type genders = []match.Gender
	tests := []struct {
		name       string
		a, b       match.Ticket
		compatible bool
		agree      bool
		shared     []string
	}{
		{"anyone", person("a", 0, match.Wish{}), person("b", 0, match.Wish{}), true, true, nil},
		{"oneself", person("a", 0, match.Wish{}), person("a", 0, match.Wish{}), false, false, nil},
		{"one's other tab", person("a", 0, match.Wish{}), match.Ticket{Session: "b", User: "a", Wish: match.Wish{Mode: match.Text}}, false, false, nil},
		{"pools", person("a", 99, match.Wish{Tags: []string{"tea"}}), match.Ticket{Session: "b", User: "b", Pool: "minors", Wish: match.Wish{Mode: match.Text, Tags: []string{"tea"}}, Since: noon.Add(-grace)}, false, false, nil},
		{"modes", person("a", 99, match.Wish{Mode: match.Video}), person("b", 99, match.Wish{}), false, false, nil},
		{"she seeks him, he seeks anyone", person("a", 0, match.Wish{Gender: "f", Seeking: genders{"m"}}), person("b", 0, match.Wish{Gender: "m"}), true, true, nil},
		{"he seeks her, she seeks women", person("a", 0, match.Wish{Gender: "m", Seeking: genders{"f"}}), person("b", 0, match.Wish{Gender: "f", Seeking: genders{"f"}}), false, false, nil},
		{"unstated is not what is sought", person("a", 99, match.Wish{Seeking: genders{"f", "m"}}), person("b", 99, match.Wish{}), false, false, nil},
		{"same language", person("a", 0, match.Wish{Language: "de"}), person("b", 0, match.Wish{Language: "de"}), true, true, nil},
		{"one names none", person("a", 0, match.Wish{Language: "de"}), person("b", 0, match.Wish{}), true, true, nil},
		{"two languages", person("a", 99, match.Wish{Language: "de"}), person("b", 99, match.Wish{Language: "fr"}), false, false, nil},
		{"both widen, past grace", person("a", 10, match.Wish{Language: "de", Widen: true}), person("b", 10, match.Wish{Language: "fr", Widen: true}), true, true, nil},
		{"both widen, one too early", person("a", 99, match.Wish{Language: "de", Widen: true}), person("b", 9, match.Wish{Language: "fr", Widen: true}), false, false, nil},
		{"one widens", person("a", 99, match.Wish{Language: "de", Widen: true}), person("b", 99, match.Wish{Language: "fr"}), false, false, nil},
		{"a shared tag", person("a", 0, match.Wish{Tags: []string{"tea", "jazz", "go"}}), person("b", 0, match.Wish{Tags: []string{"go", "x", "jazz"}}), true, true, []string{"go", "jazz"}},
		{"no shared tag, early", person("a", 0, match.Wish{Tags: []string{"tea"}}), person("b", 0, match.Wish{Tags: []string{"go"}}), true, false, nil},
		{"no shared tag, one early", person("a", 99, match.Wish{Tags: []string{"tea"}}), person("b", 9, match.Wish{Tags: []string{"go"}}), true, false, nil},
		{"no shared tag, both past grace", person("a", 10, match.Wish{Tags: []string{"tea"}}), person("b", 10, match.Wish{Tags: []string{"go"}}), true, true, nil},
		{"tags and none, early", person("a", 0, match.Wish{Tags: []string{"tea"}}), person("b", 99, match.Wish{}), true, false, nil},
		{"two regions, early", in("eu", person("a", 2, match.Wish{})), in("us", person("b", 0, match.Wish{})), false, false, nil},
		{"two regions, one has waited", in("eu", person("a", 3, match.Wish{})), in("us", person("b", 0, match.Wish{})), true, true, nil},
		{"one names no region", in("eu", person("a", 0, match.Wish{})), person("b", 0, match.Wish{}), true, true, nil},
		{"a shared tag brings no regions together", in("eu", person("a", 0, match.Wish{Tags: []string{"go"}})), in("us", person("b", 0, match.Wish{Tags: []string{"go"}})), false, false, nil},
		{"a shared tag opens no gender", person("a", 99, match.Wish{Tags: []string{"tea"}, Seeking: genders{"f"}}), person("b", 99, match.Wish{Tags: []string{"tea"}, Gender: "m"}), false, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range [][2]match.Ticket{{tt.a, tt.b}, {tt.b, tt.a}} { // every rule is symmetric
				if got := match.Compatible(p[0], p[1], noon, match.Patience{Grace: grace, Overflow: 3 * time.Second}); got != tt.compatible {
					t.Errorf("Compatible: %v, want %v", got, tt.compatible)
				}
				shared, ok := match.Agree(p[0], p[1], noon, match.Patience{Grace: grace, Overflow: 3 * time.Second})
				if ok != tt.agree || ok && !slices.Equal(shared, tt.shared) {
					t.Errorf("Agree: %q %v, want %q %v", shared, ok, tt.shared, tt.agree)
				}
			}
		})
	}
}

func in(region string, t match.Ticket) match.Ticket {
	t.Region = region
	return t
}

func TestRematchable(t *testing.T) {
	for _, tt := range []struct {
		a, b int
		want bool
	}{{5, 5, true}, {5, 4, false}, {4, 5, false}, {99, 0, false}} {
		if got := match.Rematchable(person("a", tt.a, match.Wish{}), person("b", tt.b, match.Wish{}), noon, 5*time.Second); got != tt.want {
			t.Errorf("waited %d s and %d s: %v", tt.a, tt.b, got)
		}
	}
}

func TestConfig(t *testing.T) {
	if err := (match.Config{}).Validate(); err != nil {
		t.Errorf("the zero configuration: %v", err)
	}
	if d := (match.Config{Grace: time.Second}).WithDefaults(); d.Grace != time.Second || d.Rematch != 5*time.Second || d.Notify == nil || d.Now == nil {
		t.Errorf("defaults: %+v", d)
	}
	err := match.Config{Grace: -1, Lease: time.Microsecond, Blocks: -1}.Validate()
	for _, field := range []string{"Grace", "Lease", "Blocks"} {
		if err == nil || !slices.Contains(fieldsOf(err), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
}

// fieldsOf are the words of an error.
func fieldsOf(err error) []string {
	return strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == '\n' || r == ':' })
}
