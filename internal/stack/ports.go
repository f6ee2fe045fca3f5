package stack

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports that programs listen on lie below those that outgoing connections are given (from 32768 on Linux), so that
// nobody takes the port of a program that is killed and started again.
const (
	firstPort = 12000
	endPort   = 32000
)

// FreeAddr is an address of an IP where nobody listens, over TCP or UDP.
func FreeAddr(ip string) (string, error) {
	for range 1000 {
		addr := net.JoinHostPort(ip, fmt.Sprint(firstPort+rand.IntN(endPort-firstPort)))
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		_ = l.Close()
		u, err := net.ListenPacket("udp", addr)
		if err != nil {
			continue
		}
		_ = u.Close()
		return addr, nil
	}
	return "", fmt.Errorf("no free port at %s", ip)
}
