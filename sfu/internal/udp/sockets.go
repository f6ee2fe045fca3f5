package udp

import (
	"fmt"
	"net"
)

// socketBuffer is how many bytes are asked of the kernel, each way; less is what the system allows, and no error.
const socketBuffer = 4 << 20

// Listen opens n sockets of one port. The kernel gives all packets of an address to the same one.
func Listen(at *net.UDPAddr, n int) ([]*net.UDPConn, error) {
	first, err := net.ListenUDP("udp", at)
	if err != nil {
		return nil, fmt.Errorf("udp: listen: %w", err)
	}
	sockets := []*net.UDPConn{first}
	for i := 1; i < n; i++ {
		// The first one was bound alone, so that a port in use is an error.
		another, err := listenBeside(first)
		if err != nil {
			for _, s := range sockets {
				_ = s.Close()
			}
			return nil, fmt.Errorf("udp: listen beside the first socket: %w", err)
		}
		sockets = append(sockets, another)
	}
	for _, s := range sockets {
		_ = s.SetReadBuffer(socketBuffer)
		_ = s.SetWriteBuffer(socketBuffer)
	}
	return sockets, nil
}
