package turn

import (
	"net/netip"
	"sync"
)

// inside knows the relays of this server by the address that the world is told, for packets that go from one to another: the way
// through the router may not exist, and the rules for peers do not let them out to this machine.
type inside struct {
	on      bool
	ip, ip6 netip.Addr    // told
	mu      *sync.RWMutex // guards by
	by      map[netip.AddrPort]*allocation
}

func newInside(c Config) inside {
	return inside{on: c.Hairpin, ip: c.PublicIP, ip6: c.PublicIP6, mu: new(sync.RWMutex), by: make(map[netip.AddrPort]*allocation)}
}

func (i *inside) add(told netip.AddrPort, a *allocation) {
	if i.on {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.by[told] = a
	}
}

func (i *inside) remove(told netip.AddrPort) {
	if i.on {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.by, told)
	}
}

// find is the allocation whose relay a peer is, or nil.
func (i *inside) find(peer netip.AddrPort) *allocation {
	if !i.on || peer.Addr() != i.ip && peer.Addr() != i.ip6 {
		return nil
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.by[peer]
}
