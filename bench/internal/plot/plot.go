// Package plot draws line charts as SVG, with nothing but the standard library: for the pictures in docs and the reports of the benchmarks.
package plot

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// Point is one of a line.
type Point struct{ X, Y float64 }

// Line is a named series. Points whose Y is not a number are left out.
type Line struct {
	Name   string
	Points []Point
}

// Chart is one picture. On a log axis values of zero and below lie at its lower end.
type Chart struct {
	Title, X, Y string // what, and the names of the axes with their units
	LogX, LogY  bool
	Floor       float64 // LogY: least value shown
	Lines       []Line
}

const (
	width, height            = 560.0, 320.0
	left, right, top, bottom = 64.0, 150.0, 34.0, 46.0
)

// colours are told apart by colour-blind people, and on light and dark paper.
var colours = []string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9"}

// dashes tell lines apart in black and white.
var dashes = []string{"", "7 3", "2 3", "9 3 2 3", "4 4", "1 5"}

// Write draws charts under one another.
func Write(w io.Writer, charts ...Chart) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="12">`, width, height*float64(len(charts)))
	fmt.Fprintf(&b, "\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n")
	for i, c := range charts {
		fmt.Fprintf(&b, "<g transform=\"translate(0 %g)\">\n", height*float64(i))
		c.draw(&b)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// axis maps values to a stretch of the picture.
type axis struct {
	log      bool
	min, max float64 // of the values, or of their logarithms
	from, to float64
}

func newAxis(log bool, floor float64, from, to float64, values []float64) axis {
	a := axis{log: log, min: math.Inf(1), max: math.Inf(-1), from: from, to: to}
	for _, v := range values {
		if log {
			v = math.Log10(max(v, floor, 1e-9))
		}
		a.min, a.max = min(a.min, v), max(a.max, v)
	}
	switch {
	case a.min > a.max:
		a.min, a.max = 0, 1
	case log:
		a.min, a.max = math.Floor(a.min+1e-9), math.Ceil(a.max-1e-9)
	default:
		a.min = min(a.min, 0)
	}
	if a.min == a.max {
		a.max++
	}
	return a
}

func (a axis) at(v float64) float64 {
	if a.log {
		v = math.Log10(max(v, math.Pow(10, a.min)))
	}
	return a.from + (v-a.min)/(a.max-a.min)*(a.to-a.from)
}

// ticks are round values on the axis.
func (a axis) ticks() (out []float64) {
	if a.log {
		for e := a.min; e <= a.max; e++ {
			out = append(out, math.Pow(10, e))
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10(a.max-a.min)))
	for _, f := range []float64{0.2, 0.5, 1} {
		if (a.max-a.min)/(step*f) <= 6 {
			step *= f
			break
		}
	}
	for v := math.Ceil(a.min/step) * step; v <= a.max+step/1e6; v += step {
		out = append(out, v)
	}
	return out
}

func (c Chart) draw(b *strings.Builder) {
	var xs, ys []float64
	for _, l := range c.Lines {
		for _, p := range l.Points {
			if !math.IsNaN(p.Y) {
				xs, ys = append(xs, p.X), append(ys, p.Y)
			}
		}
	}
	x, y := newAxis(c.LogX, 0, left, width-right, xs), newAxis(c.LogY, c.Floor, height-bottom, top, ys)
	text := func(x, y float64, anchor, more, s string) {
		fmt.Fprintf(b, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>%s</text>\n", x, y, anchor, more, html.EscapeString(s))
	}
	text(left, 20, "start", ` font-weight="bold"`, c.Title)
	text((left+width-right)/2, height-8, "middle", "", c.X)
	text(14, (top+height-bottom)/2, "middle", fmt.Sprintf(` transform="rotate(-90 14 %.1f)"`, (top+height-bottom)/2), c.Y)
	for _, v := range x.ticks() {
		fmt.Fprintf(b, "<path d=\"M%.1f %gV%g\" stroke=\"#ddd\"/>\n", x.at(v), top, height-bottom)
		text(x.at(v), height-bottom+16, "middle", "", label(v))
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(b, "<path d=\"M%g %.1fH%g\" stroke=\"#ddd\"/>\n", left, y.at(v), width-right)
		text(left-6, y.at(v)+4, "end", "", label(v))
	}
	for i, l := range c.Lines {
		colour, dash := colours[i%len(colours)], dashes[i%len(dashes)]
		var d strings.Builder
		pen := "M"
		for _, p := range l.Points {
			if math.IsNaN(p.Y) {
				pen = "M"
				continue
			}
			fmt.Fprintf(&d, "%s%.1f %.1f", pen, x.at(p.X), y.at(p.Y))
			pen = "L"
		}
		fmt.Fprintf(b, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", d.String(), colour, dash)
		at := top + 12 + float64(i)*18
		fmt.Fprintf(b, "<path d=\"M%g %.1fh22\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"/>\n", width-right+10, at-4, colour, dash)
		text(width-right+38, at, "start", "", l.Name)
	}
}

// label is short for large values.
func label(v float64) string {
	for _, u := range []struct {
		least float64
		name  string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if math.Abs(v) >= u.least {
			return fmt.Sprintf("%g%s", round(v/u.least), u.name)
		}
	}
	return fmt.Sprintf("%g", round(v))
}

func round(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// Save writes what was measured to NAME.json in a folder, which it makes, and the charts to svg; "" is NAME.svg beside it.
func Save(folder, name, svg string, measured any, charts ...Chart) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	data, err := json.MarshalIndent(measured, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, name+".json"), data, 0o600); err != nil {
		return err
	}
	if svg == "" {
		svg = filepath.Join(folder, name+".svg")
	}
	f, err := os.Create(svg)
	if err != nil {
		return err
	}
	return errors.Join(Write(f, charts...), f.Close())
}
