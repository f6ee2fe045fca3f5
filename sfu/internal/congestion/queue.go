package congestion

const (
	queueLong  = 250_000    // µs: packets pile up
	queueShort = 80_000     // µs: they do no more
	queueEra   = 10_000_000 // µs: for one to two of these the least delay counts
)

// queue estimates how long packets wait on the way: their delay, less the least of the last ten to twenty seconds.
type queue struct {
	least, before int64 // µs, clocks of sender and receiver apart
	since         int64 // µs, when the present era began
	started       bool
	long          bool
}

func (q *queue) packet(sent, arrived int64) {
	delay := arrived - sent
	switch {
	case !q.started:
		*q = queue{least: delay, before: delay, since: sent, started: true}
	case sent-q.since > queueEra:
		q.before, q.least, q.since = q.least, delay, sent
	default:
		q.least = min(q.least, delay)
	}
	switch waits := delay - min(q.least, q.before); {
	case waits > queueLong:
		q.long = true
	case waits < queueShort:
		q.long = false
	}
}
