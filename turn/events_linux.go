package turn

import (
	"net"
	"net/netip"
	"slices"

	pion "github.com/pion/turn/v5"
)

// find is the allocation that has this relayed address; nil when a stream client has it.
func (p *plane) find(relay net.Addr) *allocation {
	told, ok := peerOf(relay)
	if !ok {
		return nil
	}
	return p.all.inside.at(told)
}

// events adds to pion's events what keeps the tables.
func (p *plane) events(e pion.EventHandler) pion.EventHandler {
	created := e.OnAllocationCreated
	e.OnAllocationCreated = func(from, to net.Addr, protocol, user, realm string, relay net.Addr, port int) {
		created(from, to, protocol, user, realm, relay, port)
		if a := p.find(relay); a != nil {
			a.shard.add(a)
		}
	}
	e.OnPermissionCreated = func(_, _ net.Addr, _, _, _ string, relay net.Addr, ip net.IP) {
		if a := p.find(relay); a != nil {
			host, _ := netip.AddrFromSlice(ip)
			a.change(func(t *peers) {
				if len(t.hosts) < maxPeers {
					t.hosts = append(t.hosts, plain(host))
				}
			})
		}
	}
	e.OnPermissionDeleted = func(_, _ net.Addr, _, _, _ string, relay net.Addr, ip net.IP) {
		if a := p.find(relay); a != nil {
			host, _ := netip.AddrFromSlice(ip)
			a.change(func(t *peers) {
				t.hosts = slices.DeleteFunc(t.hosts, func(h netip.Addr) bool { return h == plain(host) })
			})
		}
	}
	e.OnChannelCreated = func(_, _ net.Addr, _, _, _ string, relay, peer net.Addr, number uint16) {
		a := p.find(relay)
		at, ok := peerOf(peer)
		if a == nil || !ok {
			return
		}
		open, _ := p.all.policy.allow(at)
		a.change(func(t *peers) {
			if len(t.channels) < maxPeers {
				t.channels = append(t.channels, channel{peer: at, number: number, open: open})
			}
		})
	}
	e.OnChannelDeleted = func(_, _ net.Addr, _, _, _ string, relay, _ net.Addr, number uint16) {
		if a := p.find(relay); a != nil {
			a.change(func(t *peers) {
				t.channels = slices.DeleteFunc(t.channels, func(c channel) bool { return c.number == number })
			})
		}
	}
	return e
}
