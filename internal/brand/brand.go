package brand

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"passerby/web"
)

// File is the name of the file in the folder.
const File = "brand.yaml"

// Caps of what every visitor loads.
const (
	fileBytes    = 64 << 10
	pictureBytes = 64 << 10
	nameRunes    = 30
	wordRunes    = 600
	listMost     = 12
)

// file is brand.yaml.
type file struct {
	Name    string `yaml:"name"`
	Logo    string `yaml:"logo"`
	Icon    string `yaml:"icon"`
	Colours struct {
		Light map[string]string `yaml:"light"`
		Dark  map[string]string `yaml:"dark"`
	} `yaml:"colours"`
	Links struct {
		Imprint string `yaml:"imprint"`
		Privacy string `yaml:"privacy"`
		Rules   string `yaml:"rules"`
	} `yaml:"links"`
	Words map[string]map[string]any `yaml:"words"`
}

// Read reads the folder. known are the words that the page has in English, by their keys, a string or a list of strings each; without them (before
// a build) keys of words are not checked. It returns all faults at once, each with what to do, and as warnings the colours that are hard to tell
// from each other.
func Read(folder fs.FS, known map[string]any) (site web.Site, warnings []string, err error) {
	b, err := capped(folder, File, fileBytes)
	if err != nil {
		return web.Site{}, nil, err
	}
	f, err := parse(b)
	if err != nil {
		return web.Site{}, nil, err
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(File+": "+format, args...)) }

	site.Name = f.Name
	if !shown(f.Name, nameRunes) && f.Name != "" {
		fault("name: at most %d characters, on one line, and none that cannot be seen", nameRunes)
	}
	site.Logo = picture(folder, "logo", f.Logo, fault)
	site.Icon = picture(folder, "icon", f.Icon, fault)
	for _, l := range []struct {
		name, address string
		to            *string
	}{{"imprint", f.Links.Imprint, &site.Imprint}, {"privacy", f.Links.Privacy, &site.Privacy}, {"rules", f.Links.Rules, &site.Rules}} {
		if *l.to = l.address; l.address != "" && !isLink(l.address) {
			fault("links: %s: %q is no address of a page: write it like https://www.example.org/%s", l.name, l.address, l.name)
		}
	}
	site.Words = words(f.Words, known, fault)
	light, byNight := palette("light", usualLight, f.Colours.Light, fault), maps.Clone(usualDark)
	for _, name := range lamps {
		byNight[name] = light[name]
	}
	dark := palette("dark", byNight, f.Colours.Dark, fault)
	if err := errors.Join(faults...); err != nil {
		return web.Site{}, nil, err
	}
	if len(f.Colours.Light)+len(f.Colours.Dark) > 0 {
		site.Style, site.Paper = style(f.Colours.Light, f.Colours.Dark), [2]string{light["paper"], dark["paper"]}
		warnings = slices.Concat(faint("light", light), faint("dark", dark), faint("dark, on pictures", onPictures(dark)))
	}
	return site, warnings, nil
}

// capped reads a file of the folder.
func capped(folder fs.FS, name string, most int64) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: name a folder with a %s and the pictures that it names, which this user may read", err, File)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > most {
		return nil, fmt.Errorf("%s: over %d KiB, which every visitor would load: make it smaller", name, most>>10)
	}
	return b, nil
}

func parse(b []byte) (f file, err error) {
	if !utf8.Valid(b) {
		return f, errors.New(File + ": save it as UTF-8")
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return file{}, fmt.Errorf("%s: %w; keys are name, logo, icon, colours (light, dark), links (imprint, privacy, rules) and words", File, err)
	}
	return f, nil
}

// picture reads a picture beside the file.
func picture(folder fs.FS, key, name string, fault func(string, ...any)) web.Picture {
	if name == "" {
		return web.Picture{}
	}
	b, err := capped(folder, name, pictureBytes)
	if err != nil {
		fault("%s: %w", key, err)
		return web.Picture{}
	}
	switch {
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return web.Picture{Kind: "png", Body: b}
	case bytes.HasPrefix(b, []byte("RIFF")) && len(b) > 12 && string(b[8:12]) == "WEBP" && key == "logo":
		return web.Picture{Kind: "webp", Body: b}
	case strings.HasSuffix(name, ".svg") && utf8.Valid(b) && bytes.Contains(b, []byte("<svg")):
		return web.Picture{Kind: "svg", Body: b}
	}
	fault("%s: %s is no SVG and no PNG", key, name)
	return web.Picture{}
}

// isLink says whether a link may lead there: a page of the web, or of this server.
func isLink(address string) bool {
	if len(address) > 300 || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == '\\' || unicode.IsControl(r) }) {
		return false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	return (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" || u.Scheme == "" && u.Host == "" && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(address, "//")
}

// languages of the page, as web/app/src/strings names them.
var languages = []string{"en", "es", "pt", "de", "fr", "ar", "hi", "ja"}

func words(own map[string]map[string]any, known map[string]any, fault func(string, ...any)) map[string]map[string]any {
	for _, language := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(languages, language) {
			fault("words: the page has no language %q: it has %s", language, strings.Join(languages, ", "))
		}
		for _, key := range slices.Sorted(maps.Keys(own[language])) {
			said := func(format string, args ...any) {
				fault("words: %s: %s: "+format, append([]any{language, key}, args...)...)
			}
			usual, ok := known[key]
			if known != nil && !ok {
				said("there is no such key; passerby brand --words shows all")
				continue
			}
			_, list := usual.([]any)
			switch word := own[language][key].(type) {
			case string:
				if list {
					said("write a list, a line each")
				} else if !shown(word, wordRunes) {
					said("1 to %d characters on one line", wordRunes)
				}
			case []any:
				if texts, _ := usual.([]any); known != nil && !list {
					said("write one text and no list")
				} else if strings.HasPrefix(key, "trouble.texts.") && known != nil && len(word) != len(texts) {
					said("write %d texts: a title, and what to do", len(texts))
				} else if len(word) == 0 || len(word) > listMost || slices.ContainsFunc(word, func(w any) bool { s, ok := w.(string); return !ok || !shown(s, wordRunes) }) {
					said("1 to %d texts of 1 to %d characters", listMost, wordRunes)
				}
			default:
				said("write a text in quotes")
			}
		}
	}
	return own
}

// shown says whether a text can be shown: not empty, not long, one line, no control characters and none that turn the direction of what follows.
func shown(s string, most int) bool {
	n := utf8.RuneCountInString(s)
	return n > 0 && n <= most && strings.TrimSpace(s) != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
	})
}
