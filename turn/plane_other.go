//go:build !linux

package turn

import (
	"errors"
	"net"

	pion "github.com/pion/turn/v5"
)

// plane does not exist here: pion relays alone.
type plane struct {
	net.PacketConn
	pion.RelayAddressGenerator
}

type shard struct{}

func listenPlane(string, int, *relays) (*plane, net.Listener, error) {
	return nil, nil, errors.ErrUnsupported
}

func (p *plane) events(e pion.EventHandler) pion.EventHandler { return e }
func (p *plane) count() relayCount                            { return relayCount{} }
func (p *plane) wait()                                        {}
