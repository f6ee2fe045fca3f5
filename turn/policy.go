package turn

import "net/netip"

// Reasons of refusals, as counted in Stats.
const (
	reasonUnlisted = "not allowed"
	reasonSpecial  = "special address"
	reasonDenied   = "denied"
	reasonOwn      = "this machine"
	reasonNobody   = "nobody's address" // unspecified, multicast, broadcast, not an address
	reasonHurry    = "too many requests"
	reasonOther    = "other"
)

// special lists the ranges that a wider prefix does not open: they lead into
// the server's own machine, network or cloud (RFC 6890 and successors).
var special = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fc00::/7",
	"fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// policy decides which peers may be relayed to. It is pure but for AllowPeer.
type policy struct {
	prefixes []netip.Prefix
	denied   []netip.Prefix
	own      map[netip.Addr]bool // of this machine, opened only one by one
	told     map[netip.Addr]bool // relays that clients may reach one another through
	addrs    map[netip.AddrPort]bool
	hosts    map[netip.Addr]bool // hosts of addrs
	ask      func(netip.AddrPort) (bool, string)
}

func newPolicy(c Config) policy {
	p := policy{
		ask: c.AllowPeer, addrs: make(map[netip.AddrPort]bool), hosts: make(map[netip.Addr]bool),
		own: make(map[netip.Addr]bool), told: make(map[netip.Addr]bool),
	}
	for _, a := range append(ownAddresses(), c.PublicIP, c.RelayIP, c.PublicIP6, c.RelayIP6) {
		if !a.IsLoopback() { // closed as special, and opened by its name
			p.own[plain(a)] = true
		}
	}
	if c.Hairpin {
		p.told[c.PublicIP], p.told[c.PublicIP6] = true, true
	}
	for _, prefix := range c.DenyPeers {
		p.denied = append(p.denied, unmap(prefix))
	}
	for _, prefix := range c.AllowPeers {
		p.prefixes = append(p.prefixes, unmap(prefix))
	}
	for _, a := range c.AllowPeerAddrs {
		a = netip.AddrPortFrom(plain(a.Addr()), a.Port())
		p.addrs[a] = true
		p.hosts[a.Addr()] = true
	}
	return p
}

// plain takes the IPv4 out of an IPv4-mapped address, and drops a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func unmap(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96).Masked()
	}
	return p.Masked()
}

// allow says whether a peer may be relayed to, or why not. Port 0 asks for
// any port of the address.
func (p policy) allow(peer netip.AddrPort) (ok bool, reason string) {
	addr := plain(peer.Addr())
	peer = netip.AddrPortFrom(addr, peer.Port())
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false, reasonNobody
	}
	for _, prefix := range p.denied {
		if prefix.Contains(addr) {
			return false, reasonDenied
		}
	}
	reason = reasonUnlisted
	if p.ask != nil {
		ok, why := p.ask(peer)
		if ok {
			return true, ""
		}
		if why != "" {
			reason = why
		}
	}
	if p.addrs[peer] || peer.Port() == 0 && (p.hosts[addr] || p.told[addr]) {
		return true, ""
	}
	for _, prefix := range p.prefixes {
		if !prefix.Contains(addr) {
			continue
		}
		if !opens(prefix, addr) {
			reason = reasonSpecial
			continue
		}
		if p.own[addr] && !prefix.IsSingleIP() {
			reason = reasonOwn
			continue
		}
		return true, ""
	}
	return false, reason
}

// opens reports whether a prefix that contains addr means it: for a special
// address the prefix must lie within the special range.
func opens(prefix netip.Prefix, addr netip.Addr) bool {
	for _, s := range special {
		if s.Contains(addr) && (prefix.Bits() < s.Bits() || !s.Contains(prefix.Addr())) {
			return false
		}
	}
	return true
}
