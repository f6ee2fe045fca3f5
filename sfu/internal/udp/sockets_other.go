//go:build !linux

package udp

import (
	"errors"
	"net"
)

// Sockets is how many sockets serve a port.
func Sockets() int { return 1 }

func listenBeside(*net.UDPConn) (*net.UDPConn, error) { return nil, errors.ErrUnsupported }
