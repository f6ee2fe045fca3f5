package brand

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The colours of the page by day and by night, as web/app/src/style/tokens.css has them; a test holds the two together.
var (
	usualLight = map[string]string{
		"paper": "#f1f5f3", "surface": "#ffffff", "sunken": "#e6eeeb", "ink": "#0e1d1d", "ink-soft": "#465856", "line": "#d0dbd8", "field-line": "#748582",
		"accent": "#0b6762", "accent-soft": "#d6ebe7", "danger": "#b3261e", "danger-fill": "#b3261e", "ok": "#1a6b3c",
		"lamp": "#ffc53d", "lamp-deep": "#f0ad0c", "on-lamp": "#201803",
	}
	usualDark = map[string]string{
		"paper": "#0c1315", "surface": "#141d20", "sunken": "#1b272b", "ink": "#e8efed", "ink-soft": "#a3b3b0", "line": "#27353a", "field-line": "#71848a",
		"accent": "#66d6c7", "accent-soft": "#17383a", "danger": "#ff9187", "danger-fill": "#c5352b", "ok": "#7fd8a0",
		"lamp": "#ffc53d", "lamp-deep": "#f0ad0c", "on-lamp": "#201803",
	}
	// On a picture it is night for everybody, and only these follow the operator, as he has them by night.
	onPicture = map[string]string{
		"paper": "#0a1113", "surface": "#182225", "sunken": "#0f171a", "ink": "#f0f5f4", "ink-soft": "#b8c5c2", "field-line": "#7f9298", "danger": "#ff9187", "danger-fill": "#c5352b",
	}
	pictured = []string{"accent", "accent-soft"}
	// Those of the one thing to press are by night as by day, unless the operator has others.
	lamps = []string{"lamp", "lamp-deep", "on-lamp"}
)

// pairs are what must be told apart: the text or sign, what it lies on, and the contrast that WCAG 2.2 AA asks for (1.4.3, 1.4.11).
var pairs = []struct {
	front, back string
	least       float64
}{
	{"ink", "paper", 4.5}, {"ink", "surface", 4.5}, {"ink", "sunken", 4.5}, {"ink", "accent-soft", 4.5},
	{"ink-soft", "paper", 4.5}, {"ink-soft", "surface", 4.5}, {"ink-soft", "sunken", 4.5},
	{"accent", "paper", 4.5}, {"accent", "surface", 4.5},
	{"danger", "paper", 4.5}, {"danger", "surface", 4.5}, {"white", "danger-fill", 4.5},
	{"on-lamp", "lamp", 4.5}, {"on-lamp", "lamp-deep", 4.5},
	{"field-line", "paper", 3}, {"field-line", "surface", 3},
}

var hex = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// palette answers the colours of a theme, the operator's over the usual.
func palette(theme string, usual, own map[string]string, fault func(string, ...any)) map[string]string {
	all := maps.Clone(usual)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		switch value := own[name]; {
		case usual[name] == "":
			fault("colours: %s: there is no colour %q: there are %s", theme, name, strings.Join(slices.Sorted(maps.Keys(usual)), ", "))
		case !hex.MatchString(value):
			fault("colours: %s: %s: %q is no colour: write it like \"#0b6762\", in quotes", theme, name, value)
		default:
			all[name] = strings.ToLower(value)
		}
	}
	return all
}

// onPictures answers the colours on a picture.
func onPictures(dark map[string]string) map[string]string {
	all := maps.Clone(dark)
	maps.Copy(all, onPicture)
	return all
}

// faint says which pairs are hard to tell apart.
func faint(theme string, colours map[string]string) (warnings []string) {
	for _, p := range pairs {
		front := colours[p.front]
		if p.front == "white" {
			front = "#ffffff"
		}
		if got := contrast(front, colours[p.back]); got < p.least {
			warnings = append(warnings, fmt.Sprintf("colours: %s: %s %s on %s %s has a contrast of %.1f:1, and people with weak eyes need %.1f:1 (WCAG AA)", theme, p.front, front, p.back, colours[p.back], math.Floor(got*10)/10, p.least))
		}
	}
	return warnings
}

// contrast is the contrast ratio of WCAG 2.2 of two colours like #0b6762: 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(colour string) float64 {
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, _ := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8) // palette lets nothing else in
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// style writes the stylesheet that lies over the page's own. Names and values were checked by palette.
func style(light, dark map[string]string) []byte {
	var css bytes.Buffer
	rule := func(own map[string]string) {
		css.WriteString(":root, .dialog {\n")
		for _, name := range slices.Sorted(maps.Keys(own)) {
			fmt.Fprintf(&css, "  --%s: %s;\n", name, strings.ToLower(own[name]))
		}
		css.WriteString("}\n")
	}
	rule(light)
	css.WriteString("@media (prefers-color-scheme: dark) {\n")
	rule(dark)
	css.WriteString("}\n:root {\n")
	for _, name := range pictured {
		if value := dark[name]; value != "" {
			fmt.Fprintf(&css, "  --night-%s: %s;\n", name, strings.ToLower(value))
		}
	}
	css.WriteString("}\n")
	return css.Bytes()
}
