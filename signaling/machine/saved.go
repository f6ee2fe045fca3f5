package machine

import (
	"encoding/json"
	"fmt"
	"reflect"
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
func Urgent(a, b State) bool { return !reflect.DeepEqual(lasting(a), lasting(b)) }

// Stale says whether b is worth writing down over a when there is time.
func Stale(a, b State) bool {
	return Urgent(a, b) || a.Since != b.Since || a.Match.Sent != b.Match.Sent || a.Match.Acked != b.Match.Acked
}

func lasting(s State) State {
	s.Attached, s.Until, s.Since, s.Position, s.Draining = false, time.Time{}, time.Time{}, 0, false
	s.Match.Sent, s.Match.Acked, s.Match.Doubt, s.Match.Told = 0, 0, false, 0
	return s
}
