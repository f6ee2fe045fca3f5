package udp

import (
	"encoding/binary"
	"net/netip"
)

// groupMost is how many packets are looked at together.
const groupMost = 256

// grouper brings packets to one address together: a picture of several packets that goes to many comes from the fan-out packet by
// packet, and the system takes what follows each other to one address as one (UDP GSO). The order to each address stays.
//
//	1→a 1→b 1→c 2→a 2→b 2→c   ⇒   1→a 2→a │ 1→b 2→b │ 1→c 2→c
type grouper struct {
	table       [2 * groupMost]uint16 // number of an address + 1, by its hash
	places      [groupMost]uint16     // in the table, by number
	first, last [groupMost]*Packet    // by number
}

// take cuts at most groupMost packets off the front of a list, and puts them in order.
func (g *grouper) take(list *Packet) (grouped *Packet, n int, rest *Packet) {
	addresses := 0
	for ; list != nil && n < groupMost; n++ {
		p := list
		list = p.next
		p.next = nil
		at := hash(p.addr) % uint32(len(g.table))
		for g.table[at] != 0 && g.first[g.table[at]-1].addr != p.addr {
			at = (at + 1) % uint32(len(g.table))
		}
		if i := g.table[at]; i != 0 {
			g.last[i-1].next = p
			g.last[i-1] = p
			continue
		}
		g.first[addresses], g.last[addresses], g.places[addresses] = p, p, uint16(at)
		addresses++
		g.table[at] = uint16(addresses)
	}
	for i := addresses - 1; i >= 0; i-- {
		g.last[i].next = grouped
		grouped = g.first[i]
		g.table[g.places[i]] = 0
		g.first[i], g.last[i] = nil, nil
	}
	return grouped, n, list
}

func hash(a netip.AddrPort) uint32 {
	ip := a.Addr().As16()
	h := binary.LittleEndian.Uint64(ip[:8]) ^ binary.LittleEndian.Uint64(ip[8:])*3 ^ uint64(a.Port())<<16
	return uint32(h * 0x9e3779b97f4a7c15 >> 32)
}
