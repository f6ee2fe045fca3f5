package plot_test

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"passerby/bench/internal/plot"
)

// What comes out is XML, whatever the values are, and names every line.
func TestWrite(t *testing.T) {
	for _, points := range [][]plot.Point{nil, {{1, 0}}, {{100, 3}, {1e7, math.NaN()}, {1e6, 0.001}}, {{0, -5}, {3, 5}}} {
		for _, log := range []bool{false, true} {
			var b strings.Builder
			c := plot.Chart{Title: "a < b & c", X: "people", Y: "s", LogX: log, LogY: log, Floor: 0.01, Lines: []plot.Line{{"one", points}, {"two", points}}}
			if err := plot.Write(&b, c, c); err != nil {
				t.Fatal(err)
			}
			d := xml.NewDecoder(strings.NewReader(b.String()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%v: %v\n%s", points, err, b.String())
				}
			}
			if strings.Contains(b.String(), "NaN") || strings.Contains(b.String(), "Inf") || strings.Count(b.String(), ">two<") != 2 {
				t.Errorf("%v: %s", points, b.String())
			}
		}
	}
}
