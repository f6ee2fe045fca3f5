package turn

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// udpSocket opens a socket that does not block; without an address it takes both families. shared lets several have one port.
func udpSocket(at *net.UDPAddr, shared bool) (fd int, v6 bool, err error) {
	v6 = at.IP.To4() == nil
	family := unix.AF_INET
	if v6 {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) && at.IP == nil {
		return udpSocket(&net.UDPAddr{IP: net.IPv4zero, Port: at.Port}, shared)
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: at, Err: err}
	}
	set := func(level, option, value int) {
		if err == nil {
			err = unix.SetsockoptInt(fd, level, option, value)
		}
	}
	if v6 {
		only := 1
		if at.IP == nil {
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
			sa := &unix.SockaddrInet6{Port: at.Port}
			copy(sa.Addr[:], at.IP.To16())
			err = unix.Bind(fd, sa)
		} else {
			sa := &unix.SockaddrInet4{Port: at.Port}
			copy(sa.Addr[:], at.IP.To4())
			err = unix.Bind(fd, sa)
		}
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: at, Err: errors.Join(err, unix.Close(fd))}
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

// relaySocket opens a socket on a port, or on one of the range.
func relaySocket(at netip.Addr, port int, cfg Config) (fd int, err error) {
	open := func(port int) bool {
		fd, _, err = udpSocket(&net.UDPAddr{IP: at.AsSlice(), Port: port}, false)
		return err == nil
	}
	if port != 0 || cfg.MinPort == 0 {
		open(port)
		return fd, err
	}
	lo, n := int(cfg.MinPort), int(cfg.MaxPort)-int(cfg.MinPort)+1
	start := rand.IntN(n) // unpredictable, then every port once
	for i := range n {
		if open(lo + (start+i)%n) {
			return fd, nil
		}
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			break
		}
	}
	return 0, fmt.Errorf("%w in %d–%d: %w", errNoPort, cfg.MinPort, cfg.MaxPort, err)
}

func sockaddr(to netip.AddrPort, v6 bool) unix.Sockaddr {
	if v6 {
		return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
}
