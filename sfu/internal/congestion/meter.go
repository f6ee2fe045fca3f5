package congestion

const (
	slots    = 10
	slotTime = 50_000 // µs
)

// meter measures bytes over the last half second.
type meter struct {
	bytes   [slots]int
	slot    int64 // the newest
	first   int64 // where it began
	started bool
}

func (m *meter) add(at int64, bytes int) {
	slot := at / slotTime
	if !m.started {
		m.started, m.slot, m.first = true, slot, slot
	}
	m.move(slot)
	if m.slot-slot < slots {
		m.bytes[slot%slots] += bytes
	}
}

func (m *meter) move(slot int64) {
	if slot-m.slot >= slots { // a pause: measure anew
		*m = meter{slot: slot, first: slot, started: true}
		return
	}
	for m.slot < slot {
		m.slot++
		m.bytes[m.slot%slots] = 0
	}
}

// rate is in bits per second; ok is false before there is enough to go by.
func (m *meter) rate() (bits float64, ok bool) {
	if !m.started || m.slot-m.first < slots/2 {
		return 0, false
	}
	sum := 0
	for i, b := range m.bytes {
		if int64(i) != m.slot%slots { // which is not over
			sum += b
		}
	}
	n := min(m.slot-m.first, slots-1)
	return float64(sum) * 8 * 1e6 / float64(n*slotTime), sum > 0
}
