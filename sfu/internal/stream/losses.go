package stream

import "time"

const (
	maxMissing   = 128                   // a longer gap is past repair
	reorderGrace = 8 * time.Millisecond  // before the first NACK
	nackRetry    = 60 * time.Millisecond // and between the later ones, or a round trip if that takes longer
	nackLongest  = 500 * time.Millisecond
	nackTries    = 6
)

// Losses follows the sequence numbers of an uplink and says which to ask for
// again, and when asking is no use any more.
type Losses struct {
	missing [maxMissing]missing
	n       int
	highest uint16
	started bool
	due     time.Time // no entry is due before; zero when there is none
	lost    bool
	answer  time.Duration // from asking to receiving; zero when it is not known
}

type missing struct {
	at    time.Time // when to ask next
	first time.Time // when it was asked for first
	seq   uint16
	tries uint8
}

// Received notes a packet.
func (l *Losses) Received(seq uint16, now time.Time) {
	if !l.started {
		l.started, l.highest = true, seq
		return
	}
	diff := int16(seq - l.highest)
	switch {
	case diff <= 0:
		for i := range l.n {
			if l.missing[i].seq == seq {
				l.answered(&l.missing[i], now)
				l.n--
				l.missing[i] = l.missing[l.n]
				break
			}
		}
	case int(diff) > maxMissing-l.n: // too much: only a key frame helps
		l.n, l.lost = 0, true
		l.highest = seq
	default:
		for s := l.highest + 1; s != seq; s++ {
			l.missing[l.n] = missing{seq: s, at: now.Add(reorderGrace)}
			l.n++
		}
		if diff > 1 && (l.due.IsZero() || now.Add(reorderGrace).Before(l.due)) {
			l.due = now.Add(reorderGrace)
		}
		l.highest = seq
	}
}

// answered learns how long an answer takes. The first request may have been lost: so it believes in less at once, in more
// slowly.
func (l *Losses) answered(m *missing, now time.Time) {
	if m.tries == 0 {
		return
	}
	switch took := min(now.Sub(m.first), nackLongest); {
	case l.answer == 0 || took < l.answer:
		l.answer = took
	default:
		l.answer += (took - l.answer) / 8
	}
}

// retry is the time between two requests: a second one before the first can have been answered only costs the sender bits,
// and giving up before that costs a key frame.
func (l *Losses) retry() time.Duration { return max(nackRetry, l.answer+l.answer/8) }

// Missing says whether the packet is one that is asked for.
func (l *Losses) Missing(seq uint16) bool {
	for i := range l.n {
		if l.missing[i].seq == seq {
			return true
		}
	}
	return false
}

// Due appends the numbers to ask for now to dst. lost says that a packet was
// given up since the last call.
func (l *Losses) Due(now time.Time, dst []uint16) (due []uint16, lost bool) {
	lost, l.lost = l.lost, false
	if l.n == 0 || now.Before(l.due) {
		return dst, lost
	}
	retry := l.retry()
	l.due = now.Add(retry)
	for i := 0; i < l.n; {
		m := &l.missing[i]
		switch {
		case now.Before(m.at):
		case m.tries == nackTries:
			lost = true
			l.n--
			l.missing[i] = l.missing[l.n]
			continue
		default:
			if m.tries == 0 {
				m.first = now
			}
			m.tries++
			m.at = now.Add(retry)
			if last := m.first.Add(nackLongest); l.answer == 0 && m.tries == nackTries && m.at.Before(last) {
				m.at = last // the way may be long
			}
			dst = append(dst, m.seq)
		}
		if m.at.Before(l.due) {
			l.due = m.at
		}
		i++
	}
	return dst, lost
}
