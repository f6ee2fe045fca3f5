package turn

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// homed is a UDP socket that answers from the address of this machine that was asked, where it listens at every address and the system can tell which. It is
// for sockets that are read one datagram at a time; the batched pump has the same of its own.
type homed struct {
	*net.UDPConn
	v6, tells bool
}

func newHomed(c *net.UDPConn) homed {
	h := homed{UDPConn: c}
	at := c.LocalAddr().(*net.UDPAddr)
	h.v6 = at.IP.To4() == nil
	switch {
	case !at.IP.IsUnspecified():
	case h.v6:
		h.tells = ipv6.NewPacketConn(c).SetControlMessage(ipv6.FlagDst, true) == nil
	default:
		h.tells = ipv4.NewPacketConn(c).SetControlMessage(ipv4.FlagDst, true) == nil
	}
	return h
}

// read is one datagram, where it came from and which address it was sent to: invalid where there is only one, or nobody knows.
func (h homed) read(b []byte) (n int, from netip.AddrPort, local netip.Addr, err error) {
	if !h.tells {
		n, from, err = h.ReadFromUDPAddrPort(b)
		return n, from, local, err
	}
	var space [64]byte
	n, told, _, from, err := h.ReadMsgUDPAddrPort(b, space[:])
	if err != nil {
		return n, from, local, err
	}
	if h.v6 {
		var m ipv6.ControlMessage
		if m.Parse(space[:told]) == nil {
			local, _ = netip.AddrFromSlice(m.Dst)
		}
	} else {
		var m ipv4.ControlMessage
		if m.Parse(space[:told]) == nil {
			local, _ = netip.AddrFromSlice(m.Dst)
		}
	}
	return n, from, local.Unmap(), nil
}

// write sends a datagram from an address of this machine; from any if that is invalid, or cannot be.
func (h homed) write(b []byte, to netip.AddrPort, local netip.Addr) (int, error) {
	var from []byte
	switch {
	case !local.IsValid():
	case local.Is4(): // on an IPv6 socket, too: x/net does not take IPv4 addresses in IPv6 clothes
		from = (&ipv4.ControlMessage{Src: local.AsSlice()}).Marshal()
	default:
		from = (&ipv6.ControlMessage{Src: local.AsSlice()}).Marshal()
	}
	if from != nil {
		if n, _, err := h.WriteMsgUDPAddrPort(b, from, to); err == nil {
			return n, nil
		}
	}
	return h.WriteToUDPAddrPort(b, to)
}
