package turn

import (
	"net/netip"
	"sync"
)

// inside knows the relays of this server by the address that the world is told, for packets that go from one to another: the way
// through the router may not exist, and the rules for peers do not let them out to this machine.
type inside struct {
	on   bool
	told [2]netip.Addr // the addresses, by family
	mu   *sync.RWMutex // guards by
	by   [2]map[uint16]*allocation
}

func newInside(c Config) inside {
	return inside{
		on: c.Hairpin, told: [2]netip.Addr{c.PublicIP, c.PublicIP6}, mu: new(sync.RWMutex), by: [2]map[uint16]*allocation{make(map[uint16]*allocation), make(map[uint16]*allocation)},
	}
}

func (i *inside) add(told netip.AddrPort, a *allocation) {
	if i.on {
		i.mu.Lock()
		defer i.mu.Unlock()
		i.by[index(told.Addr())][told.Port()] = a
	}
}

func (i *inside) remove(told netip.AddrPort) {
	if i.on {
		i.mu.Lock()
		defer i.mu.Unlock()
		delete(i.by[index(told.Addr())], told.Port())
	}
}

// find is the allocation whose relay a peer is, or nil.
func (i *inside) find(peer netip.AddrPort) *allocation {
	family := index(peer.Addr())
	if !i.on || peer.Addr() != i.told[family] {
		return nil
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.by[family][peer.Port()]
}
