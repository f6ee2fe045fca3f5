package turn

import (
	"net"

	pion "github.com/pion/turn/v5"
)

// plane is the data plane in front of pion.
type plane struct{ pion.RelayAddressGenerator }

// allocation is what the data plane knows of one.
type allocation struct{}

func listenUDP(addr string) (*net.UDPConn, error) {
	c, err := net.ListenPacket("udp", addr)
	if err != nil {
		return nil, err
	}
	return c.(*net.UDPConn), nil
}
