package popular

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// digitsMost in a tag: a year is no telephone number.
const digitsMost = 4

// alike are digits and signs that stand for letters in words that are to pass a list.
var alike = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "9", "g", "@", "a", "$", "s", "!", "i", "|", "l", "+", "t")

// fit says whether a tag may be shown to people who did not write it. Too strict costs a suggestion, too lax a stranger's number.
func (t *Tags) fit(tag string) bool {
	digits, written := 0, false
	for _, r := range tag {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r):
			written = true
		case unicode.IsMark(r) || r == ' ' || r == '-' || r == '\'' || r == '’' || r == '&' || r == '+' || r == '#':
		default:
			return false
		}
	}
	if !written || digits > digitsMost {
		return false
	}
	plain := letters(tag)
	for _, word := range t.words {
		if strings.Contains(plain, word) {
			return false
		}
	}
	return true
}

// letters leaves only the letters of a text, folded, without accents, digits as the letters that they are written for.
func letters(s string) string {
	s = alike.Replace(strings.ToLower(norm.NFKD.String(s)))
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.Is(unicode.Mc, r) {
			return r
		}
		return -1
	}, s)
}
