package turn

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// budget bounds what is answered to senders whose address nobody has proven, for each address (IPv6: each /64): an answer is larger
// than its request, and may go to whom the sender pretends to be. Addresses that share a counter share what it allows.
type budget struct {
	key   uint64
	spent [4096]uint16
	until time.Time
}

const (
	perSecond   = 1000 // answers
	budgetReset = time.Second
)

// spend reports whether one more answer may go to an address. Loopback has no budget: packets from outside cannot claim it.
func (b *budget) spend(to netip.Addr, now time.Time) bool {
	if to.IsLoopback() {
		return true
	}
	if now.After(b.until) {
		b.spent, b.until = [4096]uint16{}, now.Add(budgetReset)
	}
	a := to.As16()
	h := binary.NativeEndian.Uint64(a[:8])
	if to.Is4() {
		h = binary.NativeEndian.Uint64(a[8:])
	}
	h = (h ^ b.key) * 0x9E3779B97F4A7C15
	h ^= h >> 29
	h *= 0xBF58476D1CE4E5B9
	n := &b.spent[h>>52]
	if *n >= perSecond {
		return false
	}
	*n++
	return true
}
