package app

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"passerby/sfu"
	"passerby/signaling/protocol"
	"passerby/turn"
)

// credentialTTL is how long TURN credentials work; a client gets new ones with each welcome.
const credentialTTL = 12 * time.Hour

// iceServers returns what a browser is told about the TURN server: its UDP and TCP addresses and credentials for name. The media
// server itself needs no STUN: its answer names its addresses.
func iceServers(host string, server *turn.Server, secret, name string) []protocol.ICEServer {
	if server == nil {
		return []protocol.ICEServer{}
	}
	username, credential := turn.Credentials(secret, name, credentialTTL, time.Now())
	at := func(addr net.Addr) string {
		_, port, _ := net.SplitHostPort(addr.String())
		return net.JoinHostPort(host, port)
	}
	return []protocol.ICEServer{{
		URLs: []string{
			fmt.Sprintf("turn:%s?transport=udp", at(server.UDPAddr())),
			fmt.Sprintf("turn:%s?transport=tcp", at(server.TCPAddr())),
		},
		Username: username, Credential: credential,
	}}
}

// turnHost is the address by which browsers reach the TURN server: the first public one, else one that other machines reach too.
func turnHost(public []netip.Addr, s *sfu.Server) string {
	if len(public) > 0 {
		return public[0].String()
	}
	best := netip.MustParseAddr("127.0.0.1")
	for _, a := range s.Addrs() {
		if ip := a.Addr(); ip.Is4() && !ip.IsLoopback() {
			return ip.String()
		}
	}
	return best.String()
}
