package taste

import (
	"encoding/binary"
	"errors"
	"math"
)

// A page is a part of the table, as it is kept elsewhere: weights, little-endian, of four bytes each. The one behind the
// last holds the mean alone.
const (
	pageWords = 1024
	pages     = (people + words) / pageWords
)

// Pages is how many pages there are.
const Pages = pages + 1

// ErrPage says that something is no page of this table.
var ErrPage = errors.New("no page of this table")

// Dirty answers the pages that have changed since the last call, the mean's included if there are any.
func (m *Model) Dirty() (changed []int) {
	for i, d := range m.dirty {
		if d {
			changed = append(changed, i)
			m.dirty[i] = false
		}
	}
	if changed != nil {
		changed = append(changed, pages)
	}
	return changed
}

// Page writes one page.
func (m *Model) Page(i int) []byte {
	if i == pages {
		return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(m.mean)))
	}
	b := make([]byte, 0, 4*pageWords)
	for _, w := range m.table[i*pageWords : (i+1)*pageWords] {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(w))
	}
	return b
}

// SetPage reads one page. What is no number in it counts as nothing, and nothing is beyond its bound.
func (m *Model) SetPage(i int, b []byte) error {
	want := 4 * pageWords
	if i == pages {
		want = 4
	}
	if i < 0 || i > pages || len(b) != want {
		return ErrPage
	}
	for k := range len(b) / 4 {
		w := math.Float32frombits(binary.LittleEndian.Uint32(b[4*k:]))
		if !(w >= -8 && w <= 8) { // NaN too
			w = 0
		}
		switch at := i*pageWords + k; {
		case i == pages:
			m.mean = float64(w)
		case at < people:
			m.table[at] = max(-bound, min(bound, w))
		default:
			m.table[at] = w
		}
	}
	return nil
}

// Bytes writes the whole model; SetBytes reads it.
func (m *Model) Bytes() []byte {
	var b []byte
	for i := range Pages {
		b = append(b, m.Page(i)...)
	}
	return b
}

// SetBytes is the other way of Bytes.
func (m *Model) SetBytes(b []byte) error {
	if len(b) != 4*(people+words+1) {
		return ErrPage
	}
	for i := range pages {
		if err := m.SetPage(i, b[4*pageWords*i:4*pageWords*(i+1)]); err != nil {
			return err
		}
	}
	return m.SetPage(pages, b[4*pageWords*pages:])
}
