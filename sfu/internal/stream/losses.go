package stream

import "time"

const (
	maxMissing   = 128                   // a longer gap is past repair
	reorderGrace = 8 * time.Millisecond  // before the first NACK
	nackRetry    = 60 * time.Millisecond // and between the later ones, or a round trip if that takes longer
	nackLongest  = 500 * time.Millisecond
	nackTries    = 6
	nackEcho     = 12 * time.Millisecond // between a request and its copy, on a way that loses packets
	lossMany     = 1.0 / 50              // of the packets
	lossMemory   = 512                   // packets
	tailGrace    = 25 * time.Millisecond // a picture that does not go on for so long is suspected to have lost its end …
	tailGaps     = 2                     // … and for so many times what was lately between two of its packets, as on a narrow way
	gapMemory    = 16                    // packets
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
	share   float64       // of the packets that were missing, lately
	last    time.Time     // when the highest came
	open    bool          // and its picture goes on
	gap     time.Duration // the longest between two packets of a picture, lately
}

type missing struct {
	at    time.Time // when to ask next
	first time.Time // when it was asked for first
	seq   uint16
	tries uint8
	echo  bool // it is asked for again at once, in case that the request is lost; senders ignore it if it was not
	guess bool // nothing after it had come: see suspect
}

// Received notes a packet. ends: it is the last one of a picture.
func (l *Losses) Received(seq uint16, ends bool, now time.Time) {
	diff := int16(seq - l.highest)
	if l.open && diff == 1 {
		g := now.Sub(l.last)
		l.gap = max(g, l.gap-(l.gap-g)/gapMemory)
	}
	if !l.started || diff > 0 {
		l.last, l.open = now, !ends
	}
	if !l.started {
		l.started, l.highest = true, seq
		return
	}
	switch {
	case diff <= 0:
		for i := range l.n {
			if l.missing[i].seq == seq {
				if l.missing[i].guess {
					l.guessed(&l.missing[i], ends, now)
				}
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
		l.share += (float64(diff-1)/float64(diff) - l.share) * float64(diff) / lossMemory
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

// guessed takes the packet that was suspected. What comes sooner than an answer can was late, not lost.
func (l *Losses) guessed(m *missing, ends bool, now time.Time) {
	if l.answer > 0 && now.Sub(m.first) >= l.answer/2 {
		l.share += (1 - l.share) / lossMemory
	} else if m.seq == l.highest {
		l.gap = max(l.gap, now.Sub(l.last))
	}
	if m.seq == l.highest {
		l.last, l.open = now, !ends
	}
}

// answered learns how long an answer takes. The first request may have been lost: so it believes in less at once, in more
// slowly.
func (l *Losses) answered(m *missing, now time.Time) {
	if m.tries == 0 || m.guess {
		return
	}
	switch took := min(now.Sub(m.first), nackLongest); {
	case l.answer == 0 || took < l.answer:
		l.answer = took
	default:
		l.answer += (took - l.answer) / 8
	}
}

// suspect takes the next packet for lost when a picture does not go on, where many packets are lost: else the loss of the last packet
// shows only when the next picture comes. A sender ignores a request for what it has not sent yet.
func (l *Losses) suspect(now time.Time) {
	if !l.open || l.share <= lossMany || now.Sub(l.last) < max(tailGrace, tailGaps*l.gap) || l.n == maxMissing {
		return
	}
	l.open = false // until it is there
	l.highest++
	l.missing[l.n] = missing{seq: l.highest, at: now, guess: true}
	l.n++
	l.due = now
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
	l.suspect(now)
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
			if m.guess && m.seq == l.highest { // it never was
				l.highest--
			} else {
				lost = true
			}
			l.n--
			l.missing[i] = l.missing[l.n]
			continue
		default:
			if m.tries == 0 {
				m.first = now
			}
			if m.echo = !m.echo && l.share > lossMany; m.echo {
				m.at = now.Add(nackEcho)
				dst = append(dst, m.seq)
				break
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
