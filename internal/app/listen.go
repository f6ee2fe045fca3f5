package app

import (
	"errors"
	"net"
	"net/netip"

	"passerby/sfu"
	"passerby/sfu/link"
	"passerby/turn"
)

func (s *Server) listenMedia(events sfu.Events) (err error) {
	tcp := s.cfg.TCP
	if tcp == "off" {
		tcp = ""
	}
	s.sfu, err = sfu.Listen(sfu.Config{
		UDP: s.cfg.UDP, TCP: tcp, PublicIPs: s.cfg.PublicIP, Events: events, Logger: s.log, Registerer: s.registry, MaxPeers: s.cfg.MaxSessions,
		Link: s.linkConfig(), Tape: s.reportMedia(),
	})
	if err != nil {
		setting, addr := "udp", s.cfg.UDP
		if op := (*net.OpError)(nil); errors.Is(err, link.ErrListen) {
			setting, addr = "link", s.cfg.Link
		} else if errors.As(err, &op) && op.Net == "tcp" {
			setting, addr = "tcp", s.cfg.TCP
		}
		return explain(setting, addr, err)
	}
	if s.cfg.TURNListen == "off" {
		return nil
	}
	media := s.sfu.Addrs()
	own := make([]netip.Addr, len(media))
	for i, a := range media {
		own[i] = a.Addr()
	}
	s.hosts = newTURNHosts(s.cfg.PublicIP, own)
	settings := turn.Config{
		Listen: s.cfg.TURNListen, Realm: "passerby", Secret: s.secret, PublicIP: s.hosts.v4, PublicIP6: s.hosts.v6,
		AllowPeerAddrs: media, AllowPeers: s.cfg.TURNAllowPeers, Logger: s.log,
		MaxPerAddress: s.cfg.TURNPerAddress, MaxAllocations: s.cfg.TURNMost,
	}
	if s.hosts.v6.IsValid() {
		settings.RelayIP6 = netip.IPv6Unspecified() // the public address may be that of a NAT
	}
	s.turn, err = turn.Listen(settings)
	if err != nil {
		return explain("turn-listen", s.cfg.TURNListen, err)
	}
	return s.registry.Register(turnMetrics{s.turn})
}
