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
	for _, p := range []port{{"https", "tcp", c.HTTPS}, {"acme-http", "tcp", c.ACME.HTTP}, {"tcp", "tcp", c.TCP}, {"admin", "tcp", c.Admin}, {"turn-listen", "udp", c.TURNListen}, {"turn-listen", "tcp", c.TURNListen}} {
		if p.addr != "off" {
			all = append(all, p)
		}
	}
	if c.Redis != "" && c.Link != "off" {
		all = append(all, port{"link", "udp", c.Link})
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
	return errors.New(reason(err))
}

// explain says what an operator can do about an error of listening.
func explain(setting, addr string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--%s %s is %s: end it, or choose another port", setting, addr, reason(err))
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("--%s %s: %s: choose a port above 1023", setting, addr, reason(err))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("--%s %s: %s: choose another", setting, addr, reason(err))
	default:
		return fmt.Errorf("--%s: %w", setting, err)
	}
}

// reason puts an error of listening into words.
func reason(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "taken by another program"
	case errors.Is(err, syscall.EACCES):
		return "this user may not open it"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "this machine has no such address"
	default:
		return err.Error()
	}
}
