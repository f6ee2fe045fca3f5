package match

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Mode is what two people do together. People of different modes never meet.
type Mode string

// The modes.
const (
	Video Mode = "video"
	Text  Mode = "text"
)

// Modes lists every mode.
var Modes = []Mode{Video, Text}

// Gender is what a person says of himself or herself; the zero value says nothing.
type Gender string

// The genders a person may state or seek.
const (
	Unstated Gender = ""
	Female   Gender = "f"
	Male     Gender = "m"
	Other    Gender = "x"
)

// Limits of a wish.
const (
	MaxTags      = 8  // different tags
	MaxTagLength = 24 // characters of one tag after normalisation
	maxRawTags   = 64 // tags looked at before doubles are dropped
	maxRawTag    = 512
)

// Wish is what a person looks for. The zero Mode is not valid; every other
// zero value means "do not care".
type Wish struct {
	Mode     Mode
	Tags     []string // interests: prefer whoever shares one
	Language string   // primary language subtag ("en"); a hard limit between two people who both name one
	Gender   Gender   // one's own
	Seeking  []Gender // acceptable genders; empty = anyone, also those who state none
	Widen    bool     // after the grace time, accept other languages of people who widen too
}

// WishError says which field of a wish is wrong, and why.
type WishError struct {
	Field  string // "mode", "tags", "language", "gender" or "seeking"
	Reason string
}

func (e *WishError) Error() string { return "wish: " + e.Field + ": " + e.Reason }

// Normalize returns the wish in the form in which wishes are compared. Tags
// are folded (NFKC, case, invisible characters and surrounding '#' and space
// dropped), doubles go, order is kept. A language keeps its primary subtag.
// Seeking is sorted; seeking all three genders means anyone. The error is a
// [*WishError]. Normalizing twice changes nothing.
func (w Wish) Normalize() (Wish, error) {
	if !slices.Contains(Modes, w.Mode) {
		return Wish{}, &WishError{"mode", `must be "video" or "text"`}
	}
	tags, err := normalizeTags(w.Tags)
	if err != nil {
		return Wish{}, err
	}
	language, err := normalizeLanguage(w.Language)
	if err != nil {
		return Wish{}, err
	}
	if w.Gender != Unstated && !stated(w.Gender) {
		return Wish{}, &WishError{"gender", `must be "f", "m", "x" or absent`}
	}
	seeking, err := normalizeSeeking(w.Seeking)
	if err != nil {
		return Wish{}, err
	}
	w.Tags, w.Language, w.Seeking = tags, language, seeking
	return w, nil
}

func stated(g Gender) bool { return g == Female || g == Male || g == Other }

func normalizeSeeking(in []Gender) ([]Gender, error) {
	var out []Gender
	for _, g := range in {
		if !stated(g) {
			return nil, &WishError{"seeking", `may hold "f", "m" and "x" only`}
		}
		if !slices.Contains(out, g) {
			out = append(out, g)
		}
	}
	if len(out) == 3 {
		return nil, nil
	}
	slices.Sort(out)
	return out, nil
}

func normalizeLanguage(in string) (string, error) {
	primary, _, _ := strings.Cut(in, "-")
	primary = strings.ToLower(primary)
	if in == "" {
		return "", nil
	}
	if len(primary) < 2 || len(primary) > 8 || strings.Trim(primary, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", &WishError{"language", "must be a language subtag of 2 to 8 letters"}
	}
	return primary, nil
}

func normalizeTags(in []string) ([]string, error) {
	if len(in) > maxRawTags {
		return nil, &WishError{"tags", fmt.Sprintf("at most %d", MaxTags)}
	}
	var out []string
	for _, raw := range in {
		if len(raw) > maxRawTag {
			return nil, &WishError{"tags", fmt.Sprintf("a tag has at most %d characters", MaxTagLength)}
		}
		if !utf8.ValidString(raw) {
			return nil, &WishError{"tags", "a tag is not valid UTF-8"}
		}
		tag := foldTag(raw)
		switch n := utf8.RuneCountInString(tag); {
		case n == 0:
			return nil, &WishError{"tags", "a tag is empty"}
		case n > MaxTagLength:
			return nil, &WishError{"tags", fmt.Sprintf("a tag has at most %d characters", MaxTagLength)}
		}
		if !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	if len(out) > MaxTags {
		return nil, &WishError{"tags", fmt.Sprintf("at most %d", MaxTags)}
	}
	return out, nil
}

// foldTag is NFKC_Casefold in spirit: two tags that look alike to a reader
// become the same string. Folding can undo a normalisation and the other way
// round for a few characters, so it runs to the fixed point.
func foldTag(s string) string {
	if plainTag(s) {
		return s
	}
	for range 4 {
		t := strings.Map(dropInvisible, norm.NFKC.String(s))
		t = norm.NFKC.String(cases.Fold().String(t))
		t = strings.Join(strings.Fields(strings.Trim(strings.TrimSpace(t), "#")), " ")
		if t == s {
			break
		}
		s = t
	}
	return s
}

// plainTag reports whether s is its own folded form: the common case, without work.
func plainTag(s string) bool {
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || '0' <= c && c <= '9') {
			return false
		}
	}
	return true
}

// dropInvisible removes format and control characters and variation selectors
// (but keeps white space, which is collapsed later).
func dropInvisible(r rune) rune {
	if unicode.IsSpace(r) {
		return ' '
	}
	if unicode.In(r, unicode.Cf, unicode.Cc, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
		return -1
	}
	return r
}
