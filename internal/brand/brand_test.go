package brand_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"passerby/internal/brand"
	"passerby/web"
)

var known = map[string]any{"landing.headline": "Meet", "landing.ruleList": []any{"One", "Two"}, "trouble.texts.unknown": []any{"Title", "Text"}}

func folder(yaml string, more ...string) fstest.MapFS {
	f := fstest.MapFS{brand.File: {Data: []byte(yaml)}}
	for i := 0; i+1 < len(more); i += 2 {
		f[more[i]] = &fstest.MapFile{Data: []byte(more[i+1])}
	}
	return f
}

func TestTheExampleIsGood(t *testing.T) {
	site, warnings, err := brand.Read(os.DirFS("../../config/brand"), web.Words())
	if err != nil || len(warnings) > 0 {
		t.Fatalf("%v, %v", warnings, err)
	}
	if site.Name != "Lantern Street" || site.Logo.Kind != "svg" || site.Privacy != "https://www.example.org/privacy" || site.Paper != [2]string{"#f6f3fa", "#120d1a"} ||
		site.Words["de"]["landing.headline"] != "Triff jemanden unter der Laterne." {
		t.Errorf("%+v", site)
	}
	for _, want := range []string{"--accent: #5b2a9d;", "--lamp: #ff9e7a;", "@media (prefers-color-scheme: dark)", "--night-accent: #c9a8ff;"} {
		if !strings.Contains(string(site.Style), want) {
			t.Errorf("the stylesheet lacks %s:\n%s", want, site.Style)
		}
	}
}

func TestNothingOfOnesOwnIsFine(t *testing.T) {
	site, warnings, err := brand.Read(folder(""), known)
	if err != nil || len(warnings) > 0 || site.Style != nil || site.Name != "" || site.Words != nil {
		t.Errorf("%+v, %v, %v", site, warnings, err)
	}
}

func TestFaultsSayWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		name, yaml string
		want       []string
	}{
		{"unknown key", "nam: x", []string{"field nam not found", "keys are name, logo"}},
		{"no YAML", "name: [", []string{"brand.yaml:"}},
		{"not UTF-8", "name: \xff", []string{"UTF-8"}},
		{"long name", "name: " + strings.Repeat("x", 31), []string{"name: at most 30 characters"}},
		{"a name that turns the text", "name: \"a\\u202eb\"", []string{"name:"}},
		{"no such picture", "logo: none.svg", []string{"logo: open none.svg", "may read"}},
		{"a picture outside", "logo: ../secret.svg", []string{"logo:"}},
		{"no picture", "icon: page.html", []string{"icon: page.html is no SVG and no PNG"}},
		{"a large picture", "logo: large.png", []string{"large.png: over 64 KiB"}},
		{"unknown colour", "colours: {light: {acent: '#000000'}}", []string{`light: there is no colour "acent": there are accent, accent-soft`}},
		{"no colour", "colours: {dark: {accent: 'red; } body { display: none'}}", []string{"dark: accent:", `write it like "#0b6762"`}},
		{"several at once", "colours: {dark: {ink: '#12'}}\nlinks: {rules: 'javascript:alert(1)', imprint: '//evil.example', privacy: 'https://a@b/'}", []string{"ink:", "links: rules:", "links: imprint:", "links: privacy:"}},
		{"unknown language", "words: {nl: {landing.headline: Hoi}}", []string{`the page has no language "nl": it has en, es`}},
		{"unknown word", "words: {en: {landing.head: Hi}}", []string{"words: en: landing.head: there is no such key; passerby brand --words"}},
		{"a list for a text", "words: {en: {landing.headline: [Hi]}}", []string{"landing.headline: write one text"}},
		{"a text for a list", "words: {en: {landing.ruleList: Hi}}", []string{"landing.ruleList: write a list"}},
		{"half of a pair", "words: {en: {trouble.texts.unknown: [Hi]}}", []string{"write 2 texts"}},
		{"a number", "words: {en: {landing.headline: 7}}", []string{"write a text in quotes"}},
		{"an empty text", "words: {en: {landing.headline: ' '}}", []string{"1 to 600 characters"}},
		{"a large file", "name: x # " + strings.Repeat("x", 64<<10), []string{"brand.yaml: over 64 KiB"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := brand.Read(folder(tt.yaml, "page.html", "<html>", "large.png", "\x89PNG\r\n\x1a\n"+strings.Repeat("x", 64<<10)), known)
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%v does not say %q", err, want)
				}
			}
		})
	}
	if _, _, err := brand.Read(fstest.MapFS{}, known); err == nil || !strings.Contains(err.Error(), "name a folder with a brand.yaml") {
		t.Errorf("an empty folder: %v", err)
	}
}

func TestFaintColoursAreWarnedOf(t *testing.T) {
	_, warnings, err := brand.Read(folder("colours: {light: {lamp: '#ffffff', on-lamp: '#777777'}, dark: {accent: '#0b6762'}}"), known)
	all := strings.Join(warnings, "\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"light: on-lamp #777777 on lamp #ffffff has a contrast of 4.4:1, and people with weak eyes need 4.5:1 (WCAG AA)", "dark: accent #0b6762 on paper", "dark, on pictures: accent #0b6762 on surface"} {
		if !strings.Contains(all, want) {
			t.Errorf("not warned: %s\n%s", want, all)
		}
	}
}

// The usual colours are those of the page, and none of them is faint.
func TestUsualColoursAreThoseOfThePage(t *testing.T) {
	b, err := os.ReadFile("../../web/app/src/style/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	css := string(b)
	token := regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)
	blocks := regexp.MustCompile(`(?s):root, \.dialog \{.*?\n *\}|\n\.stage \{.*?\n\}`).FindAllString(css, -1)
	if len(blocks) != 3 {
		t.Fatalf("%d blocks of colours: the test looks in the wrong place", len(blocks))
	}
	light, dark, picture := brand.Usual()
	for i, usual := range []map[string]string{light, dark, picture} {
		found := map[string]string{}
		for _, m := range token.FindAllStringSubmatch(blocks[i], -1) {
			found[m[1]] = m[2]
		}
		for name, value := range usual {
			if want := found[name]; want != value && !(i == 1 && slices.Contains([]string{"lamp", "lamp-deep", "on-lamp"}, name) && value == light[name]) {
				t.Errorf("block %d: %s is %q here and %q in tokens.css", i, name, value, want)
			}
		}
	}
	if _, warnings, err := brand.Read(folder("colours: {light: {accent: '#0b6762'}, dark: {accent: '#66d6c7'}}"), known); err != nil || len(warnings) > 0 {
		t.Errorf("%v, %v", warnings, err)
	}
}

func TestLanguagesAreThoseOfThePage(t *testing.T) {
	b, err := os.ReadFile("../../web/app/src/strings/index.ts")
	if err != nil {
		t.Fatal(err)
	}
	var page []string
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]{2}): \(\) => import`).FindAllStringSubmatch(string(b), -1) {
		page = append(page, m[1])
	}
	if own := brand.Languages(); !slices.Equal(page, own) {
		t.Errorf("the page speaks %v, and words may be in %v", page, own)
	}
}

func FuzzRead(f *testing.F) {
	example, err := os.ReadFile("../../config/brand/brand.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example))
	f.Add("colours: {light: {ink: \"#00000g\"}}")
	f.Add("words: {en: {landing.headline: \"</script>\"}}\nlogo: /etc/passwd")
	f.Add("links: {rules: \"https://a b\"}")
	value := regexp.MustCompile(`^(:root(, \.dialog)? \{|  --[a-z-]+: #[0-9a-f]{6};|\}|@media \(prefers-color-scheme: dark\) \{|)$`)
	f.Fuzz(func(t *testing.T, yaml string) {
		site, _, err := brand.Read(folder(yaml, "logo.svg", "<svg/>"), known)
		if err != nil {
			if site.Name != "" || site.Style != nil || site.Words != nil {
				t.Error("half a site beside an error")
			}
			return
		}
		for line := range strings.SplitSeq(string(site.Style), "\n") {
			if !value.MatchString(line) {
				t.Errorf("in the stylesheet: %q", line)
			}
		}
		for _, link := range []string{site.Imprint, site.Privacy, site.Rules} {
			if link != "" && !strings.HasPrefix(link, "/") && !strings.HasPrefix(strings.ToLower(link), "http") {
				t.Errorf("link %q", link)
			}
		}
	})
}
