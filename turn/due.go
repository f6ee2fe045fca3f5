package turn

import "container/heap"

// due orders allocations by when they end. One entry for each, and no timer.
type due []*allocation

func (d due) Len() int           { return len(d) }
func (d due) Less(i, j int) bool { return d[i].until < d[j].until }
func (d due) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].place, d[j].place = i, j
}

// Push is for package heap.
func (d *due) Push(x any) {
	a := x.(*allocation)
	a.place = len(*d)
	*d = append(*d, a)
}

// Pop is for package heap.
func (d *due) Pop() any {
	old := *d
	a := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return a
}

func (d *due) add(a *allocation)    { heap.Push(d, a) }
func (d *due) remove(a *allocation) { heap.Remove(d, a.place) }
func (d *due) moved(a *allocation)  { heap.Fix(d, a.place) }
