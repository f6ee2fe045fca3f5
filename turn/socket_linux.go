package turn

import (
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// udpSocket opens a socket that does not block; without an address it takes both families. shared lets several have one port.
func udpSocket(at netip.AddrPort, shared bool) (fd int, v6 bool, err error) {
	v6 = !at.Addr().Is4()
	family := unix.AF_INET
	if v6 {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) && !at.Addr().IsValid() {
		return udpSocket(netip.AddrPortFrom(netip.IPv4Unspecified(), at.Port()), shared)
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: err}
	}
	set := func(level, option, value int) {
		if err == nil {
			err = unix.SetsockoptInt(fd, level, option, value)
		}
	}
	if v6 {
		only := 1
		if !at.Addr().IsValid() {
			only = 0
		}
		set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	}
	if shared {
		set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20) // as much of it as the system allows
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 4<<20)
	}
	if err == nil {
		if v6 {
			sa := &unix.SockaddrInet6{Port: int(at.Port())}
			if at.Addr().IsValid() {
				sa.Addr = at.Addr().As16()
			}
			err = unix.Bind(fd, sa)
		} else {
			err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
		}
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: net.UDPAddrFromAddrPort(at), Err: errors.Join(err, unix.Close(fd))}
	}
	return fd, v6, nil
}

func portOf(fd int) int {
	switch sa, _ := unix.Getsockname(fd); sa := sa.(type) {
	case *unix.SockaddrInet4:
		return sa.Port
	case *unix.SockaddrInet6:
		return sa.Port
	}
	return 0
}

// shut closes the socket.
func (r *relay) shut() {
	if r.conn != nil {
		_ = r.conn.Close()
		return
	}
	_ = unix.Close(r.fd)
}
