package textfilter

import (
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

var list = []string{"badword", "penis", "ass", "nice try", "дурак", "идиот", "straße", "كلب", "тест", "馬鹿", "mala palabra", " ", "ÄRGER"}

func tagged(s string) string {
	return strings.Map(func(r rune) rune { return r + 0xe0000 }, s)
}

// The same cases as the page's filter has (web/app/test/words.test.ts).
func TestWordsAreFoundHoweverTheyAreDressedUp(t *testing.T) {
	w := newWords(list)
	for text, why := range map[string]string{
		"badword": "itself", "You BADWORD!": "case and punctuation", "¡badword?": "punctuation of other languages", "ｂａｄｗｏｒｄ": "full width",
		"𝓫𝓪𝓭𝔀𝓸𝓻𝓭": "mathematical letters", "ⓑⓐⓓⓦⓞⓡⓓ": "circled letters", "bаdwоrd": "Cyrillic а and о", "Ьаԁԝогԁ": "Cyrillic all through", "bαdωοrd": "Greek",
		"b\u200ba\u200dd\u2060w\ufefford": "zero width", "bad\u00adword": "soft hyphen", "\u202ebad\u202cword": "bidi override", "bad" + tagged("x") + "word": "tag characters",
		"bad\ufe0fword": "variation selector", "b̷̛a̶͠d̴̈́w̸͝o̵̚r̷̐d̶": "zalgo", "bádwörd": "accents", "b4dw0rd": "digits as letters", "b@dw0rd": "signs as letters",
		"baaaadwooord": "stretched", "b a d w o r d": "spelled", "b.a.d.w.o.r.d": "spelled with dots", "b-a-d-w-o-r-d now": "spelled with dashes",
		"nice  try": "a phrase", "NICE, try": "a phrase with a comma", "ты дурак": "Russian", "ИДИОТ": "Russian capitals", "Strasse": "ß", "يا كَلْب": "Arabic with points",
		"你是馬鹿吗": "no spaces between words", "una mala palabra": "Spanish", "arger": "an umlaut left out", "badwo\u0131rd badword": "the second one",
	} {
		if !w.in(text) {
			t.Errorf("not found: %s (%s)", why, fold(text))
		}
	}
	for _, text := range []string{
		"Scunthorpe badwording", "class assassin bass", "pen island", "pen is mine", "nice", "nice one, try again", "as", "a s", "тесто", "дураки", "455", "a 5 5",
		"I a m s o happy", "", "•", "\ufffd", "🏳️‍🌈👨‍👩‍👧",
	} {
		if w.in(text) {
			t.Errorf("found in %q", text)
		}
	}
	if none := newWords([]string{"", "  ", "!!"}); none.in("badword") || none.in("") {
		t.Error("found something without words")
	}
}

// What looks alike is the same here and in the page.
func TestLookalikesAreThoseOfThePage(t *testing.T) {
	page, err := os.ReadFile("../../web/app/src/words/fold.ts")
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.ReadFile("fold.go")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "const pairs =")
	lists, _, _ := strings.Cut(rest, ";")
	parts := strings.Split(lists, "'")
	if len(parts) < 10 {
		t.Fatal("the page's list is not where it was")
	}
	for i := 1; i < len(parts); i += 2 {
		if !strings.Contains(string(own), parts[i]) {
			t.Errorf("the page has other look-alikes: %s", parts[i])
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range append(list, "b\u200badw0rd", "1 a! $ | + b", "\u0660\u0661", "Ǆ", "ŉ") {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, word, text string) {
		if !utf8.ValidString(text) || !utf8.ValidString(word) {
			return
		}
		w := newWords([]string{word})
		w.in(text)
		if again := fold(fold(text)); again != fold(fold(fold(text))) {
			t.Errorf("folding never ends: %q", text)
		}
	})
}
