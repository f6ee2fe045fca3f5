package queue

import "container/heap"

// due is a heap of what falls due, in order of time, then kind, then place.
// Entries are not taken back: one whose subject has moved on does nothing.
type due []entry

type entry struct {
	at     int64
	kind   kind
	seq    uint64
	stay   *stay   // lease, grace, overflow, tries
	couple *couple // unconfirmed
}

type kind uint8

const (
	leaseEnds kind = iota
	unconfirmed
	graceEnds
	overflows
	tries // after the changes of the same moment
)

func (d due) Len() int      { return len(d) }
func (d due) Swap(i, j int) { d[i], d[j] = d[j], d[i] }
func (d due) Less(i, j int) bool {
	a, b := d[i], d[j]
	if a.at != b.at {
		return a.at < b.at
	}
	if a.kind != b.kind {
		return a.kind < b.kind
	}
	return a.seq < b.seq
}
func (d *due) Push(x any) { *d = append(*d, x.(entry)) }
func (d *due) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = entry{}
	*d = (*d)[:last]
	return e
}

func (d *due) add(e entry) { heap.Push(d, e) }

// next takes the first entry that is due at now.
func (d *due) next(now int64) (entry, bool) {
	if len(*d) == 0 || (*d)[0].at > now {
		return entry{}, false
	}
	return heap.Pop(d).(entry), true
}
