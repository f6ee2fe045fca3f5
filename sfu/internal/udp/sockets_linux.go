package udp

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Sockets is how many sockets serve a port: one per core when there are more than two, else one.
func Sockets() int {
	if n := runtime.GOMAXPROCS(0); n > 2 {
		return min(n, 16)
	}
	return 1
}

// listenBeside binds another socket to the port of first.
func listenBeside(first *net.UDPConn) (*net.UDPConn, error) {
	share := func(_, _ string, raw syscall.RawConn) error {
		var err error
		return errors.Join(raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}), err)
	}
	raw, err := first.SyscallConn()
	if err != nil {
		return nil, err
	}
	if err := share("", "", raw); err != nil {
		return nil, err
	}
	network := "udp"
	if at := first.LocalAddr().(*net.UDPAddr); at.IP.To4() != nil {
		network = "udp4"
	}
	conn, err := (&net.ListenConfig{Control: share}).ListenPacket(context.Background(), network, first.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}
