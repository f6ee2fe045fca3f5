package match_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"passerby/match"
)

func TestNormalize(t *testing.T) {
	const text = match.Text
	tests := []struct {
		name string
		in   match.Wish
		want match.Wish
		err  string // the field
	}{
		{name: "nothing but a mode", in: match.Wish{Mode: match.Video}, want: match.Wish{Mode: match.Video}},
		{name: "no mode", in: match.Wish{}, err: "mode"},
		{name: "unknown mode", in: match.Wish{Mode: "smell"}, err: "mode"},
		{name: "case and doubles", in: match.Wish{Mode: text, Tags: []string{"Jazz", "JAZZ", "tea", "jazz"}}, want: match.Wish{Mode: text, Tags: []string{"jazz", "tea"}}},
		{name: "space and hash signs", in: match.Wish{Mode: text, Tags: []string{"  #Free \t jazz # "}}, want: match.Wish{Mode: text, Tags: []string{"free jazz"}}},
		{name: "folding is more than lower case", in: match.Wish{Mode: text, Tags: []string{"STRASSE", "straße"}}, want: match.Wish{Mode: text, Tags: []string{"strasse"}}},
		{name: "full width and ligatures", in: match.Wish{Mode: text, Tags: []string{"Ｇｏ", "oﬃce"}}, want: match.Wish{Mode: text, Tags: []string{"go", "office"}}},
		{name: "composed and decomposed are one", in: match.Wish{Mode: text, Tags: []string{"caf\u00e9", "cafe\u0301"}}, want: match.Wish{Mode: text, Tags: []string{"café"}}},
		{name: "invisible characters are dropped", in: match.Wish{Mode: text, Tags: []string{"ja\u200bzz", "\u202ejazz", "ja\u00adzz", "jazz\x00"}}, want: match.Wish{Mode: text, Tags: []string{"jazz"}}},
		{name: "24 characters are enough for anybody", in: match.Wish{Mode: text, Tags: []string{strings.Repeat("ж", 24)}}, want: match.Wish{Mode: text, Tags: []string{strings.Repeat("ж", 24)}}},
		{name: "25 are too many", in: match.Wish{Mode: text, Tags: []string{strings.Repeat("ж", 25)}}, err: "tags"},
		{name: "one that grows when folded", in: match.Wish{Mode: text, Tags: []string{strings.Repeat("ß", 13)}}, err: "tags"},
		{name: "an empty one", in: match.Wish{Mode: text, Tags: []string{"jazz", " # "}}, err: "tags"},
		{name: "only invisible", in: match.Wish{Mode: text, Tags: []string{"\u200b\u200d"}}, err: "tags"},
		{name: "not UTF-8", in: match.Wish{Mode: text, Tags: []string{"a\xff"}}, err: "tags"},
		{name: "eight tags", in: match.Wish{Mode: text, Tags: strings.Split("a b c d e f g h H", " ")}, want: match.Wish{Mode: text, Tags: strings.Split("a b c d e f g h", " ")}},
		{name: "nine", in: match.Wish{Mode: text, Tags: strings.Split("a b c d e f g h i", " ")}, err: "tags"},
		{name: "a hundred doubles", in: match.Wish{Mode: text, Tags: slices.Repeat([]string{"a"}, 100)}, err: "tags"},
		{name: "a megabyte", in: match.Wish{Mode: text, Tags: []string{strings.Repeat("a", 1<<20)}}, err: "tags"},
		{name: "language", in: match.Wish{Mode: text, Language: "pt-BR"}, want: match.Wish{Mode: text, Language: "pt"}},
		{name: "language in capitals", in: match.Wish{Mode: text, Language: "EN"}, want: match.Wish{Mode: text, Language: "en"}},
		{name: "a language that is a list's name inside", in: match.Wish{Mode: text, Language: "*"}, err: "language"},
		{name: "language of one letter", in: match.Wish{Mode: text, Language: "e"}, err: "language"},
		{name: "language without subtag", in: match.Wish{Mode: text, Language: "-BR"}, err: "language"},
		{name: "language of digits", in: match.Wish{Mode: text, Language: "e1n"}, err: "language"},
		{name: "gender", in: match.Wish{Mode: text, Gender: "x", Seeking: []match.Gender{"m", "f", "m"}}, want: match.Wish{Mode: text, Gender: "x", Seeking: []match.Gender{"f", "m"}}},
		{name: "seeking all is seeking anyone", in: match.Wish{Mode: text, Seeking: []match.Gender{"m", "f", "x"}}, want: match.Wish{Mode: text}},
		{name: "unknown gender", in: match.Wish{Mode: text, Gender: "q"}, err: "gender"},
		{name: "seeking nobody", in: match.Wish{Mode: text, Seeking: []match.Gender{""}}, err: "seeking"},
		{name: "widen stays", in: match.Wish{Mode: text, Widen: true}, want: match.Wish{Mode: text, Widen: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.in.Normalize()
			if tt.err != "" {
				var we *match.WishError
				if !errors.As(err, &we) || we.Field != tt.err {
					t.Fatalf("got %+v, %v; want an error about %s", got, err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whatever comes in: no panic, the caps hold, and normalising again changes nothing.
func FuzzNormalize(f *testing.F) {
	f.Add("text", "Jazz,#Go, free  jazz", "en-GB", "f", "m,x")
	f.Add("video", "ﬃ,ß,İ,ǰ,\u1e9e,\u0345\u0301,\u0130\u0307,\ufe0f\u20e3", "", "", "")
	f.Add("text", "\u200b,\u202e,#,# #,\xff", "\u212a\u212a", "x", "f,f,f,m,x")
	f.Add("", strings.Repeat("a,", 100), "*", "q", ",")
	f.Fuzz(func(t *testing.T, mode, tags, language, gender, seeking string) {
		w := match.Wish{Mode: match.Mode(mode), Tags: strings.Split(tags, ","), Language: language, Gender: match.Gender(gender)}
		if seeking != "" {
			for s := range strings.SplitSeq(seeking, ",") {
				w.Seeking = append(w.Seeking, match.Gender(s))
			}
		}
		n, err := w.Normalize()
		if err != nil {
			var we *match.WishError
			if !errors.As(err, &we) || we.Field == "" {
				t.Fatalf("an error that names no field: %v", err)
			}
			return
		}
		if len(n.Tags) > match.MaxTags || len(n.Seeking) > 2 {
			t.Fatalf("too much: %+v", n)
		}
		for i, tag := range n.Tags {
			if l := utf8.RuneCountInString(tag); l < 1 || l > match.MaxTagLength || !utf8.ValidString(tag) || slices.Contains(n.Tags[:i], tag) {
				t.Fatalf("tag %q of %q", tag, n.Tags)
			}
		}
		again, err := n.Normalize()
		if err != nil {
			t.Fatalf("%+v normalised is refused: %v", n, err)
		}
		if diff := cmp.Diff(n, again); diff != "" {
			t.Fatalf("normalising twice changes something: %s", diff)
		}
	})
}
