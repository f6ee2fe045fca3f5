package sqldb

import (
	"encoding/json"
	"strings"
	"time"
)

// ms is a time as it is kept.
func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment reads a time as it is kept.
type moment struct{ t *time.Time }

func (m moment) Scan(v any) error {
	if n, _ := v.(int64); n != 0 {
		*m.t = time.UnixMilli(n).UTC()
	}
	return nil
}

// words is a list of strings as it is kept.
func words(w []string) string {
	if len(w) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(w) // strings always have a form
	return string(b)
}

// wordList reads a list of strings as it is kept.
type wordList struct{ w *[]string }

func (l wordList) Scan(v any) error {
	var raw []byte
	switch v := v.(type) {
	case string:
		raw = []byte(v)
	case []byte:
		raw = v
	}
	if string(raw) == "[]" {
		return nil
	}
	return json.Unmarshal(raw, l.w)
}

// raw reads JSON that is kept as text; none is the empty text.
type raw struct{ r *json.RawMessage }

func (r raw) Scan(v any) error {
	switch v := v.(type) {
	case string:
		if v != "" {
			*r.r = json.RawMessage(v)
		}
	case []byte:
		if len(v) > 0 {
			*r.r = append(json.RawMessage(nil), v...)
		}
	}
	return nil
}

// orEmpty gives a column that has no NULL an empty blob.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// where joins the conditions of a query; no conditions are none.
type where struct {
	conditions []string
	args       []any
}

func (w *where) add(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// equal adds a condition if the value is set.
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = ?", value)
	}
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}
