package turn

import (
	"net/netip"

	"passerby/internal/batch"
)

// bundle collects packets for clients and writes those of each client behind one another, in their order, so that the kernel takes them as one (UDP_SEGMENT).
type bundle struct {
	queue  [slots]queued
	queued int
	groups [slots]group // one for each client
	used   int
	places [4 * slots]uint8 // index + 1 of a group, by the client's port
}

// group is the packets of one client, as indices of the queue.
type group struct{ first, last int32 }

func (u *bundle) full() bool { return u.queued == slots }

// add takes a packet, for which there must be room. It leaves from local, if that is valid.
func (u *bundle) add(b []byte, to netip.AddrPort, local netip.Addr) {
	i := int32(u.queued) //nolint:gosec // below slots
	u.queue[i] = queued{b: b, to: to, local: local}
	u.queued++
	at := int(to.Port()) % len(u.places)
	for ; u.places[at] != 0; at = (at + 1) % len(u.places) {
		if g := &u.groups[u.places[at]-1]; u.queue[g.first].to == to {
			u.queue[g.last].next = i
			g.last = i
			return
		}
	}
	u.groups[u.used] = group{i, i}
	u.used++
	u.places[at] = uint8(u.used) //nolint:gosec // slots at most
}

// write gives all to the kernel. mapped says that fd is an IPv6 socket.
func (u *bundle) write(w *batch.Writer, fd int, mapped bool) {
	for _, g := range u.groups[:u.used] {
		for i := g.first; ; i = u.queue[i].next {
			w.AddFrom(u.queue[i].b, u.queue[i].to, u.queue[i].local, mapped)
			if i == g.last {
				break
			}
		}
	}
	w.Flush(fd)
	clear(u.queue[:u.queued])
	clear(u.places[:])
	u.queued, u.used = 0, 0
}
