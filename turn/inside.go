package turn

import (
	"net/netip"
	"sync"
)

// inside knows the relays of this server by the address that the world is told, for packets that go from one to another: the way
// through the router may not exist, and the rules for peers do not let them out to this machine.
type inside struct {
	on      bool
	ip, ip6 netip.Addr // told
	kernel  netip.Addr
	kernel6 netip.Addr
	mu      *sync.RWMutex // guards by
	by      map[netip.AddrPort]*allocation
}

// place is where a relay is reached from within this machine.
type place struct {
	kernel netip.AddrPort
	fast   *allocation // nil for the relay of a stream client
}

func newInside(c Config) inside {
	i := inside{on: c.Hairpin, ip: c.PublicIP, ip6: c.PublicIP6, kernel: c.RelayIP, kernel6: c.RelayIP6, mu: new(sync.RWMutex), by: make(map[netip.AddrPort]*allocation)}
	if i.kernel.IsUnspecified() {
		i.kernel = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if i.kernel6.IsUnspecified() {
		i.kernel6 = netip.IPv6Loopback()
	}
	return i
}

func (i *inside) add(told netip.AddrPort, fast *allocation) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.by[told] = fast
}

func (i *inside) remove(told netip.AddrPort) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.by, told)
}

// at is the allocation of a UDP client that has this relayed address, or nil.
func (i *inside) at(told netip.AddrPort) *allocation {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.by[told]
}

// find looks a peer up among the relays.
func (i *inside) find(peer netip.AddrPort) (place, bool) {
	if !i.on || peer.Addr() != i.ip && peer.Addr() != i.ip6 {
		return place{}, false
	}
	i.mu.RLock()
	fast, ok := i.by[peer]
	i.mu.RUnlock()
	kernel := i.kernel
	if peer.Addr() == i.ip6 {
		kernel = i.kernel6
	}
	return place{kernel: netip.AddrPortFrom(kernel, peer.Port()), fast: fast}, ok
}

// name turns the source of a packet that came through the kernel into the told address, if it is a relay.
func (i *inside) name(from netip.AddrPort) (netip.AddrPort, bool) {
	if !i.on || from.Addr() != i.kernel && from.Addr() != i.kernel6 {
		return from, false
	}
	told := netip.AddrPortFrom(i.ip, from.Port())
	if from.Addr() == i.kernel6 {
		told = netip.AddrPortFrom(i.ip6, from.Port())
	}
	i.mu.RLock()
	defer i.mu.RUnlock()
	_, ok := i.by[told]
	return told, ok
}
