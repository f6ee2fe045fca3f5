package batch

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pktinfo is a control message that says which address of this machine a datagram was sent to: IPV6_PKTINFO of an IPv6 socket, where IPv4 addresses are in
// IPv6 clothes, or IP_PKTINFO of an IPv4 one.
type pktinfo struct {
	hdr  unix.Cmsghdr
	data [24]byte // in6_pktinfo: address, 4 bytes of interface; or in_pktinfo: 4 of interface, address here, address there
}

// TellLocals makes a socket tell which address its datagrams were sent to.
func TellLocals(fd int, v6 bool) error {
	if v6 {
		return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
	}
	return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
}

func (p *pktinfo) local() netip.Addr {
	switch {
	case p.hdr.Level == unix.IPPROTO_IPV6 && p.hdr.Type == unix.IPV6_PKTINFO:
		return netip.AddrFrom16([16]byte(p.data[:16])).Unmap()
	case p.hdr.Level == unix.IPPROTO_IP && p.hdr.Type == unix.IP_PKTINFO:
		return netip.AddrFrom4([4]byte(p.data[4:8]))
	}
	return netip.Addr{}
}

const segmentBytes = 2 // of UDP_SEGMENT

// control has room for the two control messages that one message may carry: UDP_SEGMENT, and behind it where the message leaves from.
type control [8]uint64

// at is the head of the one at an offset, and its data.
func (c *control) at(offset int) (*unix.Cmsghdr, unsafe.Pointer) {
	hdr := unsafe.Add(unsafe.Pointer(c), offset)
	return (*unix.Cmsghdr)(hdr), unsafe.Add(hdr, unix.CmsgLen(0))
}

// segment says that a message is a run of datagrams of size bytes. It returns where the control messages begin.
func (c *control) segment(size int) *byte {
	hdr, data := c.at(0)
	hdr.Level, hdr.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	hdr.SetLen(unix.CmsgLen(segmentBytes))
	*(*uint16)(data) = uint16(size) //nolint:gosec // datagrams are short
	return (*byte)(unsafe.Pointer(c))
}

// info is where the second begins.
func (c *control) info() *byte {
	hdr, _ := c.at(unix.CmsgSpace(segmentBytes))
	return (*byte)(unsafe.Pointer(hdr))
}

// from says which address a message leaves from. It returns how many bytes that takes.
func (c *control) from(local netip.Addr, mapped bool) int {
	hdr, data := c.at(unix.CmsgSpace(segmentBytes))
	if !mapped {
		*(*unix.Inet4Pktinfo)(data) = unix.Inet4Pktinfo{Spec_dst: local.As4()}
		hdr.Level, hdr.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
		hdr.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
		return unix.CmsgSpace(unix.SizeofInet4Pktinfo)
	}
	*(*unix.Inet6Pktinfo)(data) = unix.Inet6Pktinfo{Addr: local.As16()}
	hdr.Level, hdr.Type = unix.IPPROTO_IPV6, unix.IPV6_PKTINFO
	hdr.SetLen(unix.CmsgLen(unix.SizeofInet6Pktinfo))
	return unix.CmsgSpace(unix.SizeofInet6Pktinfo)
}
