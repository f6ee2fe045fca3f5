package app

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"passerby/sfu"
	"passerby/turn"
)

func (s *Server) listenMedia(events sfu.Events) (err error) {
	tcp := s.cfg.TCP
	if tcp == "off" {
		tcp = ""
	}
	s.sfu, err = sfu.Listen(sfu.Config{
		UDP: s.cfg.UDP, TCP: tcp, PublicIPs: s.cfg.PublicIP, Events: events, Logger: s.log, Registerer: s.registry, MaxPeers: s.cfg.MaxSessions,
	})
	if err != nil {
		setting, addr := "udp", s.cfg.UDP
		if op := (*net.OpError)(nil); errors.As(err, &op) && op.Net == "tcp" {
			setting, addr = "tcp", s.cfg.TCP
		}
		return explain(setting, addr, err)
	}
	s.turnHost = turnHost(s.cfg.PublicIP, s.sfu)
	if s.cfg.TURNListen == "off" {
		return nil
	}
	host, err := netip.ParseAddr(s.turnHost)
	if err != nil {
		return fmt.Errorf("turn: %w", err)
	}
	if !host.Is4() {
		host = netip.Addr{} // the relay's own address is IPv4; the TURN server finds one
	}
	s.turn, err = turn.Listen(turn.Config{
		Listen: s.cfg.TURNListen, Realm: "passerby", Secret: s.secret, PublicIP: host,
		AllowPeerAddrs: s.sfu.Addrs(), AllowPeers: s.cfg.TURNAllowPeers, Logger: s.log,
	})
	if err != nil {
		return explain("turn-listen", s.cfg.TURNListen, err)
	}
	return s.registry.Register(turnMetrics{s.turn})
}
