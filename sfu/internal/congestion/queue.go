package congestion

const (
	queueSome  = 20_000     // µs: fewer are no congestion
	queueLong  = 200_000    // µs: packets pile up
	queueShort = 80_000     // µs: they do no more
	queueEra   = 10_000_000 // µs: for one to two of these the least delay counts
	queueStand = 250_000    // µs: for one to two of these a queue must stand
)

// queue estimates how long packets wait on the way: their delay, less the least of the last ten to twenty seconds. It counts
// what every packet of the last quarter of a second had to wait at least (as CoDel does, RFC 8289): a browser or a radio that
// stops for a moment delays many packets, but not the last ones.
type queue struct {
	base, stand leastOf
	waits       int64 // µs
	long        bool
}

// leastOf is the least value of one to two eras.
type leastOf struct {
	least, before int64
	since         int64 // µs
	started, full bool
}

func (l *leastOf) add(value, at, era int64) {
	switch {
	case !l.started || at-l.since > 4*era:
		*l = leastOf{least: value, before: value, since: at, started: true}
	case at-l.since > era:
		l.before, l.least, l.since, l.full = l.least, value, at, true
	default:
		l.least = min(l.least, value)
	}
}

func (l *leastOf) value() int64 { return min(l.least, l.before) }

func (q *queue) packet(sent, arrived int64) {
	delay := arrived - sent
	q.base.add(delay, sent, queueEra)
	q.stand.add(delay, sent, queueStand)
	q.waits = 0
	if q.stand.full {
		q.waits = q.stand.value() - q.base.value()
	}
	switch {
	case q.waits > queueLong:
		q.long = true
	case q.waits < queueShort:
		q.long = false
	}
}

// stands says whether packets wait at all.
func (q *queue) stands() bool { return q.waits > queueSome }
