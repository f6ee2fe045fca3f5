package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Site is what an operator has of his own on the chat's page, without a build; internal/brand reads and checks it. The zero Site changes nothing.
type Site struct {
	Embed []string // origins whose pages may hold the page in a frame, as browsers write them; none: nobody's

	Name                    string                    // in place of Passerby; "": that
	Logo, Icon              Picture                   // beside the name, and of the tab
	Style                   []byte                    // CSS over the page's own
	Paper                   [2]string                 // colour of the page by day and by night, like #f1f5f3, with Style
	Imprint, Privacy, Rules string                    // addresses of pages; "": no link
	Words                   map[string]map[string]any // language → key of the catalogue → string, or list of strings
}

// Picture is a picture that pages show.
type Picture struct {
	Kind string // svg, png or webp; "" for none
	Body []byte
}

// ancestors answers the sources of frame-ancestors in the policy.
func (s Site) ancestors() string {
	if len(s.Embed) == 0 {
		return "'none'"
	}
	return strings.Join(s.Embed, " ")
}

// told is what the page's script reads from the document (web/app/src/site.ts).
type told struct {
	Embed []string                  `json:"embed,omitempty"`
	Name  string                    `json:"name,omitempty"`
	Logo  string                    `json:"logo,omitempty"`
	Links map[string]string         `json:"links,omitempty"`
	Words map[string]map[string]any `json:"words,omitempty"`
}

// What of the document is the operator's, when he has it.
var (
	icons   = regexp.MustCompile(`(?m)^<link rel="(?:icon|apple-touch-icon)"[^>]*>\n`)
	themes  = regexp.MustCompile(`(?m)^<meta name="theme-color"[^>]*>\n`)
	theMark = regexp.MustCompile(`(?s)<svg class="mark".*?</svg>`)
)

// apply writes the site into the files of a build.
func (s Site) apply(h *handler) {
	t := told{Embed: s.Embed, Name: s.Name, Words: s.Words, Links: map[string]string{}}
	for name, address := range map[string]string{"imprint": s.Imprint, "privacy": s.Privacy, "rules": s.Rules} {
		if address != "" {
			t.Links[name] = address
		}
	}
	var head strings.Builder
	var own []string // files that the page needs without a network, too
	if s.Logo.Kind != "" {
		t.Logo = h.put("logo", s.Logo.Kind, s.Logo.Body)
		own = append(own, t.Logo)
	}
	icon := ""
	if s.Icon.Kind != "" {
		icon = h.put("icon", s.Icon.Kind, s.Icon.Body)
		own = append(own, icon)
		fmt.Fprintf(&head, "<link rel=\"icon\" href=\"%s\">\n<link rel=\"apple-touch-icon\" href=\"%s\">\n", icon, icon)
	}
	if len(s.Style) > 0 {
		style := h.put("brand", "css", s.Style)
		own = append(own, style)
		fmt.Fprintf(&head, "<meta name=\"theme-color\" content=\"%s\" media=\"(prefers-color-scheme: light)\">\n<meta name=\"theme-color\" content=\"%s\" media=\"(prefers-color-scheme: dark)\">\n",
			html.EscapeString(s.Paper[0]), html.EscapeString(s.Paper[1]))
		fmt.Fprintf(&head, "<link rel=\"stylesheet\" href=\"%s\">\n", style)
	}
	data, err := json.Marshal(t)
	if err != nil {
		panic(err) // strings and lists of them: cannot happen
	}
	if string(data) == "{}" && head.Len() == 0 {
		return
	}
	// A script that is data is not run, so the policy has no say in it; json escapes what could end it.
	fmt.Fprintf(&head, "<script type=\"application/json\" id=\"site\">%s</script>\n", data)
	h.rewrite(index, func(body string) string {
		if icon != "" {
			body = icons.ReplaceAllString(body, "")
		}
		if t.Logo != "" {
			body = theMark.ReplaceAllString(body, `<img class="own-mark" src="`+t.Logo+`" alt="">`)
		}
		if len(s.Style) > 0 {
			body = themes.ReplaceAllString(body, "")
		}
		return strings.Replace(s.named(body, html.EscapeString), "</head>", head.String()+"</head>", 1)
	})
	h.rewrite("manifest.webmanifest", func(body string) string { return s.manifest(body, icon) })
	// The service worker is another one whenever the page is, so that the page without a network is the operator's as well (service-worker.js).
	mark, err := json.Marshal(append([]string{h.mark()}, own...))
	if err != nil {
		panic(err) // strings: cannot happen
	}
	h.rewrite("sw.js", func(body string) string { return "const site = " + string(mark) + ";\n" + body })
}

// named puts the operator's name for the product's.
func (s Site) named(body string, escape func(string) string) string {
	if s.Name == "" {
		return body
	}
	return strings.ReplaceAll(body, "Passerby", escape(s.Name))
}

// manifest makes the app that people install the operator's.
func (s Site) manifest(body, icon string) string {
	var m map[string]any
	if json.Unmarshal([]byte(body), &m) != nil {
		return body
	}
	if s.Name != "" {
		m["name"], m["short_name"] = s.Name, s.Name
	}
	if s.Paper[1] != "" {
		m["background_color"], m["theme_color"] = s.Paper[1], s.Paper[1]
	}
	if icon != "" {
		m["icons"] = []map[string]string{{"src": icon, "sizes": "any"}}
	}
	b, err := json.Marshal(m)
	if err != nil {
		return body
	}
	return string(b)
}

// mark tells this page from another one of the same build.
func (h *handler) mark() string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(h.files)) {
		if f := h.files[name]; name == index || strings.HasPrefix(name, "assets/brand-") {
			_, _ = sum.Write(f.plain.body) // a hash takes all
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

// put serves a file of the operator's under a name that changes with it, and answers its address.
func (h *handler) put(name, kind string, body []byte) string {
	sum := sha256.Sum256(body)
	name = fmt.Sprintf("assets/%s-%s.%s", name, hex.EncodeToString(sum[:6]), kind)
	h.files[name] = &file{contentType: contentType(name, body), cache: hashed, plain: newVariant("", body)}
	return "/" + name
}

// rewrite changes a file of the build, if it is there, and compresses it anew.
func (h *handler) rewrite(name string, change func(string) string) {
	f := h.files[name]
	if f == nil {
		return
	}
	f.plain = newVariant("", []byte(change(string(f.plain.body))))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(f.plain.body) // a buffer takes all
	_ = w.Close()
	f.encoded = []variant{newVariant("gzip", packed.Bytes())}
}
