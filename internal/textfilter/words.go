package textfilter

import (
	"slices"
	"strings"
	"unicode"
)

// words is a list of words to look for.
type words struct {
	single   map[string]bool
	phrases  [][]string
	anywhere []string // of scripts that write no spaces
}

// token is a run of letters, digits and signs that stand in for letters; start and end are in the folded text.
type token struct {
	text       string
	start, end int
}

func newWords(list []string) *words {
	w := &words{single: map[string]bool{}}
	for _, word := range list {
		parts := tokens(fold(word))
		texts := make([]string, len(parts))
		for i, p := range parts {
			texts[i] = p.text
		}
		switch joined := strings.Join(texts, ""); {
		case len(parts) == 0:
		case strings.ContainsFunc(joined, unspaced):
			w.anywhere = append(w.anywhere, joined)
		case len(parts) > 1:
			w.phrases = append(w.phrases, texts)
		default:
			w.single[joined] = true
		}
	}
	return w
}

// in says whether a text holds one of the words.
func (w *words) in(text string) bool {
	folded := fold(text)
	found := tokens(folded)
	for _, t := range found {
		if w.looks(strings.Trim(t.text, signs)) || w.looks(t.text) {
			return true
		}
	}
	if slices.ContainsFunc(spelled(found, folded), w.looks) {
		return true
	}
	for _, p := range w.phrases {
		for i := 0; i+len(p) <= len(found); i++ {
			if matches(p, found[i:i+len(p)]) {
				return true
			}
		}
	}
	return slices.ContainsFunc(w.anywhere, func(word string) bool { return strings.Contains(folded, word) })
}

func matches(phrase []string, found []token) bool {
	for i, part := range phrase {
		if !slices.Contains(variants(strings.Trim(found[i].text, signs)), part) {
			return false
		}
	}
	return true
}

func (w *words) looks(text string) bool {
	return slices.ContainsFunc(variants(text), func(v string) bool { return w.single[v] })
}

// signs stand for letters inside a token, and are punctuation at its ends.
const signs = "@$!|+"

var leet = map[rune]rune{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g', '@': 'a', '$': 's', '!': 'i', '|': 'l', '+': 't'}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

func tokens(text string) (all []token) {
	start := -1
	for i, r := range text + " " {
		part := unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune(signs, r)
		switch {
		case part && start < 0:
			start = i
		case !part && start >= 0:
			all = append(all, token{text[start:i], start, i})
			start = -1
		}
	}
	return all
}

// variants are what a token may stand for: itself; with digits and signs as letters, if it has letters too; with its stretched letters as
// one or two.
func variants(text string) []string {
	all := []string{text}
	if strings.ContainsFunc(text, unicode.IsLetter) && strings.ContainsAny(text, "0123456789"+signs) {
		for _, one := range []rune{'i', 'l'} {
			all = append(all, strings.Map(func(r rune) rune {
				if r == '1' || r == '!' {
					return one
				}
				if l, ok := leet[r]; ok {
					return l
				}
				return r
			}, text))
		}
	}
	for _, v := range slices.Clone(all) {
		for _, most := range []int{1, 2} {
			if short := unstretch(v, most); short != v {
				all = append(all, short)
			}
		}
	}
	return all
}

// unstretch shortens each run of three or more of one letter.
func unstretch(text string, most int) string {
	var b strings.Builder
	letters := []rune(text)
	for i := 0; i < len(letters); {
		n := 1
		for i+n < len(letters) && letters[i+n] == letters[i] {
			n++
		}
		write := n
		if n > 2 {
			write = most
		}
		b.WriteString(strings.Repeat(string(letters[i]), write))
		i += n
	}
	return b.String()
}

// spelled are words of three or more single letters, with the same short thing between them: "s p a m", "s.p.a.m".
func spelled(all []token, text string) (words []string) {
	var run []token
	between := ""
	done := func() {
		letters, word := 0, ""
		for _, t := range run {
			if strings.ContainsFunc(t.text, unicode.IsLetter) {
				letters++
			}
			word += t.text
		}
		if len(run) > 2 && 2*letters > len(run) {
			words = append(words, word)
		}
		run, between = nil, ""
	}
	for _, t := range all {
		one := len([]rune(t.text)) == 1
		if len(run) > 0 {
			gap := text[run[len(run)-1].end:t.start]
			if !one || len([]rune(gap)) > 3 || len(run) > 1 && gap != between {
				done()
			} else {
				between = gap
			}
		}
		if one {
			run = append(run, t)
		}
	}
	done()
	return words
}
