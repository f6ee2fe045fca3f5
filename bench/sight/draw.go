package main

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"passerby/internal/boards"
)

// colours of a panel's lines, in their order.
var colours = []string{"#4c8dff", "#f2a33a", "#39b27a", "#d9534f", "#a26bd6", "#3fb5c9", "#c9b53f", "#8a8f99"}

// empty are the panels that may have nothing to show: all is well, nobody reports anybody, no network is the limit, no text filter is set.
var empty = []string{"Told to people", "Calls that failed", "Reports", "Programs", "Estimate", "Packets not forwarded", "Refused texts", "Text filter", "Filter's time"}

// Heights in the page, in pixels.
const (
	titleHeight, statHeight, graphHeight = 34, 80, 214
	pageWidth, border                    = 1500, 12
)

// paint asks for every panel, writes the page, and takes its picture.
func paint(addr string, began time.Time, o options) error {
	var page strings.Builder
	height := 2*border + titleHeight
	now := time.Now()
	fmt.Fprintf(&page, `<!doctype html><meta charset="utf-8"><title>Passerby</title><style>*{box-sizing:border-box}body{background:#14161b;color:#d8dae0;font:13px "DejaVu Sans",sans-serif;margin:%dpx;width:%dpx}
h2{font-size:14px;height:%dpx;margin:0;padding-top:12px}.row{display:flex;gap:10px;height:%dpx}.stats{height:%dpx}.panel{flex:1;background:#1d2027;border-radius:6px;padding:8px;min-width:0;overflow:hidden}
.big{font-size:26px;padding-top:8px}small{color:#9aa0ab;display:block;font-size:11px;max-height:58px;overflow:hidden}.plot{position:relative;margin:4px 0}.plot small{position:absolute;left:2px}svg{width:100%%;height:130px;display:block}</style>
<h2>Passerby: all panels, %.0f s from left to right</h2>`, border, pageWidth, titleHeight, graphHeight, statHeight, now.Sub(began).Seconds())
	var faults []error
	for _, row := range boards.Rows() {
		class := "row"
		height += titleHeight + graphHeight
		if row.Panels[0].Kind == "stat" {
			class = "row stats"
			height += statHeight - graphHeight
		}
		fmt.Fprintf(&page, `<h2>%s</h2><div class="%s">`, html.EscapeString(row.Title), class)
		for _, p := range row.Panels {
			text, n, err := drawPanel(addr, p, began, now)
			if err != nil {
				faults = append(faults, fmt.Errorf("%q: %w", p.Title, err))
			} else if n == 0 && !slices.Contains(empty, p.Title) {
				faults = append(faults, fmt.Errorf("%q shows nothing", p.Title))
			}
			page.WriteString(text)
		}
		page.WriteString("</div>")
	}
	faults = append(faults, os.WriteFile(o.out, []byte(page.String()), 0o600))
	if o.picture != "" {
		faults = append(faults, photograph(o.out, o.picture, height))
	}
	return errors.Join(faults...)
}

// photograph lets Chromium make a picture of a page.
func photograph(page, picture string, height int) error {
	file, err := filepath.Abs(page)
	if err != nil {
		return err
	}
	out, err := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--screenshot="+picture, //nolint:gosec // a page of ours
		fmt.Sprintf("--window-size=%d,%d", pageWidth+2*border, height), "file://"+file).CombinedOutput()
	if err != nil {
		return fmt.Errorf("chromium: %w\n%s", err, out)
	}
	return slim(picture)
}

// slim leaves a picture its 256 most frequent colours: a third of the bytes, and hardly a difference to see.
func slim(picture string) error {
	file, err := os.Open(picture) //nolint:gosec // made here
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	full, err := png.Decode(file)
	if err != nil {
		return err
	}
	often := map[color.Color]int{}
	for y := range full.Bounds().Dy() {
		for x := range full.Bounds().Dx() {
			often[full.At(x, y)]++
		}
	}
	colours := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] })
	few := image.NewPaletted(full.Bounds(), colours[:min(256, len(colours))])
	draw.Draw(few, few.Bounds(), full, image.Point{}, draw.Src)
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, few); err != nil {
		return err
	}
	return os.WriteFile(picture, small.Bytes(), 0o644) //nolint:gosec // for everybody to see
}

// said is a value with its unit, as people write it.
func said(v float64, unit string) string {
	steps := func(by float64, names ...string) string {
		i := 0
		for ; v >= by && i < len(names)-1; i++ {
			v /= by
		}
		return fmt.Sprintf("%.3g %s", v, names[i])
	}
	switch unit {
	case "s":
		if v > 0 && v < 1 {
			return fmt.Sprintf("%.3g ms", 1000*v)
		}
		return fmt.Sprintf("%.3g s", v)
	case "percentunit":
		return fmt.Sprintf("%.3g %%", 100*v)
	case "bps":
		return steps(1000, "b/s", "kb/s", "Mb/s", "Gb/s")
	case "bytes":
		return steps(1024, "B", "KiB", "MiB", "GiB")
	case "ops", "pps":
		return steps(1000, "/s", "k/s", "M/s")
	}
	return steps(1000, "", "k", "M")
}

func drawPanel(addr string, p boards.Panel, from, to time.Time) (text string, points int, err error) {
	var body, legend strings.Builder
	var lines []line
	for _, q := range p.Queries {
		expr := strings.NewReplacer("$__rate_interval", "15s", "$instance", ".*").Replace(q.Expr)
		got, err := ask(addr, expr, from, to)
		if err != nil {
			return "", 0, err
		}
		for _, l := range got {
			name := q.Legend
			for label, value := range l.Metric {
				name = strings.ReplaceAll(name, "{{"+label+"}}", value)
			}
			fmt.Fprintf(&legend, `<span style="color:%s">▬</span> %s &nbsp; `, colours[len(lines)%len(colours)], html.EscapeString(name))
			lines = append(lines, l)
		}
	}
	top := 0.0
	for _, l := range lines {
		_, v := l.points()
		points += len(v)
		if len(v) > 0 {
			top = max(top, slices.Max(v))
		}
	}
	if p.Kind == "stat" {
		value := "–"
		if points > 0 {
			_, v := lines[0].points()
			value = said(v[len(v)-1], p.Unit)
		}
		fmt.Fprintf(&body, `<div class="big">%s</div>`, value)
		legend.Reset()
	} else {
		fmt.Fprintf(&body, `<div class="plot"><small style="top:0">%s</small><small style="top:50%%">%s</small>`, said(top, p.Unit), said(top/2, p.Unit))
		fmt.Fprintf(&body, `<svg viewBox="0 0 400 130" preserveAspectRatio="none"><path d="M0 129H400M0 65H400" stroke="#333842" fill="none"/>`)
		for i, l := range lines {
			var d strings.Builder
			at, v := l.points()
			for j := range v {
				x := 400 * (at[j] - float64(from.Unix())) / max(1, to.Sub(from).Seconds())
				fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(j, 1)], x, 128-124*v[j]/max(top, 1e-9))
			}
			fmt.Fprintf(&body, `<path d="%s" stroke="%s" stroke-width="1.5" vector-effect="non-scaling-stroke" fill="none"/>`, &d, colours[i%len(colours)])
		}
		body.WriteString("</svg></div>")
	}
	return fmt.Sprintf(`<div class="panel">%s%s<small>%s</small></div>`, html.EscapeString(p.Title), &body, &legend), points, nil
}
