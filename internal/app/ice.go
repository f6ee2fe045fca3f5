package app

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"passerby/signaling/protocol"
	"passerby/turn"
)

// credentialTTL is how long TURN credentials work; a client gets new ones with each welcome.
const credentialTTL = 12 * time.Hour

// turnHosts are the addresses by which browsers reach the TURN server, one of a family, each invalid where there is none.
type turnHosts struct{ v4, v6 netip.Addr }

// newTURNHosts takes the public addresses; without any, those of the machine that others reach too. IPv6 is told only when it is public.
func newTURNHosts(public, own []netip.Addr) (h turnHosts) {
	h.v4, h.v6 = families(public)
	if len(public) > 0 {
		return h
	}
	h.v4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	for _, ip := range slices.Backward(own) {
		switch {
		case ip.Is4() && !ip.IsLoopback():
			h.v4 = ip
		case ip.Is6() && ip.IsGlobalUnicast() && !ip.IsPrivate():
			h.v6 = ip
		}
	}
	return h
}

// iceServers returns what a browser is told about the TURN server: its UDP and TCP addresses, where it speaks TLS (host:port, or empty), and
// credentials for name. The media server itself needs no STUN: its answer names its addresses.
func iceServers(hosts turnHosts, secure string, server *turn.Server, secret, name string) []protocol.ICEServer {
	if server == nil {
		return []protocol.ICEServer{}
	}
	entry := protocol.ICEServer{}
	entry.Username, entry.Credential = turn.Credentials(secret, name, credentialTTL, time.Now())
	for _, host := range []netip.Addr{hosts.v4, hosts.v6} {
		if !host.IsValid() {
			continue
		}
		at := func(addr net.Addr) string {
			_, port, _ := net.SplitHostPort(addr.String())
			return net.JoinHostPort(host.String(), port)
		}
		entry.URLs = append(entry.URLs, fmt.Sprintf("turn:%s?transport=udp", at(server.UDPAddr())), fmt.Sprintf("turn:%s?transport=tcp", at(server.TCPAddr())))
	}
	if secure != "" {
		entry.URLs = append(entry.URLs, "turns:"+secure+"?transport=tcp")
	}
	return []protocol.ICEServer{entry}
}
