package machine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// AppendState writes a state down so that any node can go on with it.
func AppendState(dst []byte, s State) []byte {
	data, err := json.Marshal(s)
	if err != nil { // strings, numbers and times only
		panic(fmt.Sprintf("machine: encode state: %v", err))
	}
	return append(dst, data...)
}

// Restore reads what AppendState wrote, for a session that is now here, without a connection.
func Restore(data []byte, self Self) (State, error) {
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return State{}, fmt.Errorf("decode state: %w", err)
	}
	if s.Self.Session != self.Session || s.Self.User != self.User || s.Phase > Matched || s.Over {
		return State{}, fmt.Errorf("decode state: it is not one of session %q", self.Session)
	}
	s.Self, s.Attached, s.Until, s.Draining = self, false, time.Time{}, false
	return s, nil
}

// Urgent says whether b, the successor of a, must be written down before anybody hears of it. What differs
// otherwise can be made up for: the queue knows it, or the partner is told again, or it is a count of texts that
// the client has too.
//
// It is asked after each event, so it compares by hand; a test holds it to every field.
func Urgent(a, b State) bool {
	w, v, m, n := a.Wish, b.Wish, a.Match, b.Match
	return a.Self != b.Self || a.Phase != b.Phase || a.Wished != b.Wished || a.Over != b.Over || a.Key != b.Key || a.Last != b.Last ||
		!slices.Equal(a.Met, b.Met) ||
		w.Mode != v.Mode || w.Language != v.Language || w.Gender != v.Gender || w.Widen != v.Widen || !slices.Equal(w.Tags, v.Tags) || !slices.Equal(w.Seeking, v.Seeking) ||
		m.ID != n.ID || m.Mode != n.Mode || !m.At.Equal(n.At) || m.Initiator != n.Initiator || m.Partner != n.Partner ||
		!slices.Equal(m.Tags, n.Tags) || m.Key != n.Key || m.Rekeys != n.Rekeys ||
		m.Away != n.Away || m.Lost != n.Lost || m.Facts != n.Facts || m.Seen != n.Seen || m.Own != n.Own || m.Theirs != n.Theirs
}

// Stale says whether b is worth writing down over a when there is time.
func Stale(a, b State) bool {
	return Urgent(a, b) || a.Since != b.Since || a.Match.Sent != b.Match.Sent || a.Match.Acked != b.Match.Acked
}
