package turn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

// listenUDP gives the server shards that listen for UDP clients on one port, and the TCP listener beside: batched, or plain if the configuration wants that.
func (s *Server) listenUDP() (net.Listener, error) {
	if s.cfg.Plain {
		return s.listenPlain()
	}
	n := s.cfg.Shards
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	at, err := net.ResolveUDPAddr("udp", s.cfg.Listen)
	if err != nil {
		return nil, err
	}
	port := at.Port
	for try := 0; ; try++ {
		at.Port = port
		tcp, err := s.listenBatched(at, n)
		if err == nil {
			return tcp, nil
		}
		s.closePumps()
		if port != 0 || try == 20 { // a port that the system chose may be taken for TCP
			return nil, err
		}
	}
}

func (s *Server) listenBatched(at *net.UDPAddr, n int) (net.Listener, error) {
	for range n {
		fd, v6, err := udpSocket(addrPort(at), true)
		if err != nil {
			return nil, err
		}
		x := newShard(s)
		p, err := newBatched(x, fd, v6)
		if err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
		x.pump = p
		s.shards = append(s.shards, x)
		if at.IP == nil || at.IP.IsUnspecified() {
			if err := p.locals(); err != nil {
				return nil, err
			}
		}
		if at.Port == 0 {
			at.Port = portOf(fd)
		}
	}
	told := &net.UDPAddr{IP: at.IP, Port: at.Port}
	if at.IP == nil {
		told.IP = net.IPv6unspecified
	}
	s.udp = told
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", at.String())
}

// addrPort keeps "no address" as an invalid one.
func addrPort(at *net.UDPAddr) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(at.IP)
	return netip.AddrPortFrom(ip.Unmap(), uint16(at.Port)) //nolint:gosec // a port
}
