package caller

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose word about their callers is taken; none by default.
type Proxies []netip.Prefix

// Operator is the network of who calls from this machine itself, through no proxy. It is not a valid Prefix, and not limited.
var Operator netip.Prefix

// Network answers what is to be limited as one: the client's IPv4 address, or the /64 of its IPv6 address.
func (p Proxies) Network(r *http.Request) netip.Prefix {
	hop := peer(r)
	if hop.IsLoopback() && !passedOn(r) {
		return Operator
	}
	entries := newest{lines: r.Header["X-Forwarded-For"]}
	for p.trust(hop) {
		entry, ok := entries.next()
		if !ok {
			break
		}
		addr, ok := parse(entry)
		if !ok {
			break // whoever wrote this answers for it
		}
		hop = addr
	}
	return NetworkOf(hop)
}

// Unnamed says that a proxy on this machine or on a private network passed the request on and is not trusted: all who come through it count as one.
func (p Proxies) Unnamed(r *http.Request) bool {
	hop := peer(r)
	return (hop.IsLoopback() || hop.IsPrivate()) && passedOn(r) && !p.trust(hop)
}

func (p Proxies) trust(a netip.Addr) bool {
	return slices.ContainsFunc(p, func(known netip.Prefix) bool { return known.Contains(a) })
}

// passedOn says that a proxy leaves traces. One that leaves none is taken for the client.
func passedOn(r *http.Request) bool {
	return len(r.Header["X-Forwarded-For"])+len(r.Header["Forwarded"])+len(r.Header["X-Real-Ip"])+len(r.Header["Via"]) > 0
}

// peer is the other end of the TCP connection; :: when it has no IP address.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return ap.Addr().WithZone("").Unmap()
}

// NetworkOf is the network of an address: an IPv4 address by itself, the /64 of an IPv6 one, without its zone. It is not valid if the address is not.
func NetworkOf(a netip.Addr) netip.Prefix {
	a = a.WithZone("").Unmap()
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // a has that many
	return p
}

// newest takes the entries of a header's lines from the last to the first.
type newest struct {
	lines []string // not begun
	rest  string   // of the line that is being read
	more  bool     // rest holds an entry
}

func (n *newest) next() (entry string, ok bool) {
	if !n.more {
		if len(n.lines) == 0 {
			return "", false
		}
		last := len(n.lines) - 1
		n.rest, n.lines = n.lines[last], n.lines[:last]
	}
	comma := strings.LastIndexByte(n.rest, ',')
	entry, n.rest, n.more = n.rest[comma+1:], n.rest[:max(comma, 0)], comma >= 0
	return entry, true
}

// parse reads one entry: an IP address, which some proxies write with a port (RFC 7239 §6: then IPv6 is in brackets). No names, no zones.
func parse(entry string) (netip.Addr, bool) {
	entry = strings.Trim(entry, " \t")
	a, err := netip.ParseAddr(entry)
	if inner, ok := bare(entry); ok {
		a, err = netip.ParseAddr(inner)
	} else if err != nil {
		var ap netip.AddrPort
		ap, err = netip.ParseAddrPort(entry)
		a = ap.Addr()
	}
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// bare takes the brackets off an IPv6 address.
func bare(entry string) (string, bool) {
	inner, ok := strings.CutPrefix(entry, "[")
	if !ok || !strings.Contains(inner, ":") {
		return "", false
	}
	return strings.CutSuffix(inner, "]")
}
