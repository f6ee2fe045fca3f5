package app

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"passerby/internal/redisdb"
	"passerby/sfu/link"
)

// linkConfig is how this node joins the others' media; none when it is alone.
func (s *Server) linkConfig() link.Config {
	if s.redis == nil || s.cfg.Link == "off" {
		return link.Config{}
	}
	return link.Config{Listen: s.cfg.Link, Name: s.address, Secret: s.keys.Link}
}

// linkAddress is where other nodes reach this one's link, "" when there is none.
func (s *Server) linkAddress() (string, error) {
	bound := s.sfu.LinkAddr()
	if !bound.IsValid() {
		return "", nil
	}
	port := strconv.Itoa(int(bound.Port()))
	switch host := s.cfg.LinkAdvertise; {
	case host != "":
		if _, _, err := net.SplitHostPort(host); err == nil {
			return host, nil
		}
		return net.JoinHostPort(host, port), nil
	case !bound.Addr().IsUnspecified():
		return bound.String(), nil
	}
	own, err := addressTowards(s.cfg.Redis)
	if err != nil {
		return "", fmt.Errorf("--link-advertise: name the address under which other nodes reach this one: %w", err)
	}
	return net.JoinHostPort(own.String(), port), nil
}

// addressTowards is the address from which this machine reaches Redis, or the first of its hosts. Nothing is sent.
func addressTowards(redis string) (netip.Addr, error) {
	opts, err := redisdb.Parse(redis)
	if err != nil {
		return netip.Addr{}, err
	}
	conn, err := net.Dial("udp", opts.Addrs[0])
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}
