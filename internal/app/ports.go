package app

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"passerby/internal/config"
)

// port is one listen address of the configuration.
type port struct{ setting, network, addr string }

func ports(c config.Config) []port {
	all := []port{{"http", "tcp", c.HTTP}, {"udp", "udp", c.UDP}}
	for _, p := range []port{{"tcp", "tcp", c.TCP}, {"admin", "tcp", c.Admin}, {"turn-listen", "udp", c.TURNListen}, {"turn-listen", "tcp", c.TURNListen}} {
		if p.addr != "off" {
			all = append(all, p)
		}
	}
	return all
}

// try opens the port and closes it again.
func (p port) try() error {
	var err error
	if p.network == "udp" {
		var c net.PacketConn
		if c, err = net.ListenPacket("udp", p.addr); err == nil {
			return c.Close()
		}
	} else {
		var l net.Listener
		if l, err = net.Listen("tcp", p.addr); err == nil {
			return l.Close()
		}
	}
	return explain(p.setting, p.addr, err)
}

// explain says what an operator can do about an error of listening.
func explain(setting, addr string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %s is taken by another program: end it, or choose another port with --%s", setting, addr, setting)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not open %s: choose a port above 1023 with --%s", setting, addr, setting)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: this machine has no address %s: choose another with --%s", setting, addr, setting)
	default:
		return fmt.Errorf("%s: %w", setting, err)
	}
}
