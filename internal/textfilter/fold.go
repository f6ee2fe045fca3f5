package textfilter

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// lookalikes are letters of other scripts that look like Latin ones, after decomposition and lower-casing; the same as in the page
// (web/app/src/words/fold.ts), which a test holds.
var lookalikes = func() map[rune]string {
	m := map[rune]string{'ß': "ss", 'æ': "ae", 'œ': "oe", 'þ': "th", 'ﬀ': "ff", 'ſ': "s"}
	letters := []rune(
		"аaвbсcԁdеeғfһhіiјjкkмmнhоoрpԛqгrѕsтtуyхxѵvԝwьbпnлnиu" + // Cyrillic
			"αaβbγyεeζzηnιiκkνvοoρpτtυuχxωwσoςsμu" + // Greek
			"ɑaɡgɩiɪiɴnʀrʏyıiłløođdħhŧtɓbɗdƙkɛeɔoəeɐaɥhɯwʌvʎyɹrʇtɟj" + // Latin beyond ASCII
			"օoսuհhցgոnզqեtրnյj" + // Armenian
			"ⲟoⲣpⲥcⲧtⲩyⲭxꓐbꓑpꓓdꓔtꓖgꓗkꓙjꓚcꓜzꓝfꓟmꓠnꓡlꓢsꓣrꓦvꓧhꓪwꓫxꓬyꓮaꓰeꓲiꓳoꓴu", // Coptic, Lisu
	)
	for i := 0; i+1 < len(letters); i += 2 {
		m[letters[i]] = string(letters[i+1])
	}
	return m
}()

// fold makes text as it looks: what differs only to a computer becomes the same.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(norm.NFKD.String(text))) {
		switch {
		case invisible(r) || accent(r):
		case r < 0x7f:
			b.WriteRune(unicode.ToLower(r))
		case lookalikes[r] != "":
			b.WriteString(lookalikes[r])
		case unicode.Is(unicode.Nd, r):
			b.WriteByte(digit(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invisible characters show nothing: formats, fillers, variation selectors.
func invisible(r rune) bool {
	switch r {
	case 0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x3164, 0xffa0, 0x2800:
		return true
	}
	return unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Variation_Selector, r)
}

// accents are points above or below letters, which change no word's skeleton. Vowel signs of Indic and Thai script are letters, and stay.
var accents = []rune{
	0x300, 0x36f, 0x483, 0x489, 0x591, 0x5bd, 0x5bf, 0x5bf, 0x5c1, 0x5c2, 0x5c4, 0x5c5, 0x610, 0x61a, 0x64b, 0x65f, 0x670, 0x670,
	0x1ab0, 0x1aff, 0x1dc0, 0x1dff, 0x20d0, 0x20ff, 0xfe20, 0xfe2f,
}

func accent(r rune) bool {
	for i := 0; i < len(accents); i += 2 {
		if r >= accents[i] && r <= accents[i+1] {
			return true
		}
	}
	return false
}

// digit is a decimal digit of any script in ASCII: digits of a script stand in a row of ten.
func digit(r rune) byte {
	zero := r
	for range 9 {
		if !unicode.Is(unicode.Nd, zero-1) {
			break
		}
		zero--
	}
	return byte('0' + (r-zero)%10)
}
