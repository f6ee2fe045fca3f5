package group

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A story of who is loud (dB over −127 dBov, a fifth of a second each), and who is at the front after it.
func TestSpeakers(t *testing.T) {
	const voice, loudVoice, room = 100, 112, 60
	tests := []struct {
		name  string
		story []map[string]int
		want  string // order
	}{
		{"nobody speaks: as they joined", repeat(10, map[string]int{"a": room, "b": 0, "c": room}), "abc"},
		{"one speaks", repeat(4, map[string]int{"c": voice, "a": room}), "cab"},
		{"a cough is not enough", append(repeat(1, map[string]int{"c": voice}), repeat(10, map[string]int{"a": room})...), "abc"},
		{"a pause does not lose the floor", slices.Concat(
			repeat(5, map[string]int{"b": voice}), repeat(3, map[string]int{"b": room, "c": room}), repeat(3, map[string]int{"b": voice}),
		), "bac"},
		{"an answer takes the floor", slices.Concat(repeat(8, map[string]int{"b": voice}), repeat(20, map[string]int{"c": voice})), "cba"},
		{"two at once: who has the floor keeps it", slices.Concat(repeat(8, map[string]int{"b": voice}), repeat(20, map[string]int{"b": voice, "c": voice + 3})), "bac"},
		{"shouting him down", slices.Concat(repeat(8, map[string]int{"b": 90}), repeat(8, map[string]int{"b": 90, "a": loudVoice})), "abc"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var s speakers
			for _, id := range []string{"a", "b", "c"} {
				s.join(id)
				s.join(id)
			}
			for _, moment := range test.story {
				for _, id := range []string{"a", "b", "c", "who left"} {
					s.heard(id, float64(moment[id]))
				}
				s.choose()
			}
			if got := s.speaker() + strings.Join(s.others(s.speaker(), 9), ""); got != test.want {
				t.Errorf("order %q, want %q: %+v", got, test.want, s.list)
			}
			s.leave("a")
			if got := s.others("b", 9); slices.Contains(got, "a") || len(got) != 1 {
				t.Errorf("after a left: %q", got)
			}
		})
	}
	var empty speakers
	if empty.choose() || empty.speaker() != "" || empty.others("a", 3) != nil {
		t.Error("nobody speaks where nobody is")
	}
}

func repeat(n int, m map[string]int) []map[string]int { return slices.Repeat([]map[string]int{m}, n) }

func TestAssign(t *testing.T) {
	tests := []struct{ slots, wanted, want string }{
		{"__", "", "__"},
		{"__", "a", "a_"},
		{"a_", "ba", "ab"}, // who has a slot stays there
		{"ab", "cb", "cb"},
		{"ab", "ca", "ac"},
		{"ab", "b", "_b"},
		{"ab", "cd", "cd"},
		{"_b", "abc", "ab"}, // never more than there are
	}
	split := func(s string) []string {
		out := make([]string, 0, len(s))
		for _, c := range s {
			out = append(out, strings.Trim(string(c), "_"))
		}
		return out
	}
	for _, test := range tests {
		if diff := cmp.Diff(split(test.want), assign(split(test.slots), split(test.wanted))); diff != "" {
			t.Errorf("%q, wanted %q (-want +got):\n%s", test.slots, test.wanted, diff)
		}
	}
}

// FuzzParse: whatever a browser says is refused or understood, never a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"type":"hello","key":"p256:abc"}`))
	f.Add([]byte(`{"type":"tell","to":"b","data":"x"}`))
	f.Add([]byte(`{"type":"hello","key":""}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parse(b)
		if err == nil && (len(m.Key) > maxKey && m.Type == "hello" || len(m.Data) > maxTell && m.Type == "tell") {
			t.Errorf("accepted %+v", m)
		}
	})
}
