package batch

import (
	"net"
	"net/netip"
	"syscall"
)

// maxSegments is how many datagrams one message carries at most (the kernel's UDP_MAX_SEGMENTS is 64 in the older ones).
const maxSegments = 64

// Conn is a UDP socket that is read and written in batches.
type Conn struct {
	udp    *net.UDPConn
	raw    syscall.RawConn
	mapped bool // an IPv6 socket, to which IPv4 addresses are written as ::ffff:0:0/96
}

// Wrap makes a Conn of a socket, which stays usable by itself.
func Wrap(udp *net.UDPConn) (*Conn, error) {
	raw, err := udp.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Conn{udp: udp, raw: raw, mapped: udp.LocalAddr().(*net.UDPAddr).IP.To4() == nil}, nil
}

// slots is the memory of a Reader.
type slots struct {
	headroom, stride, size int
	memory                 []byte
	length                 []int // of the datagram in each slot
	from                   []netip.AddrPort
}

// tailroom is what a Reader leaves free behind the longest datagram.
const tailroom = 8

func newSlots(n, headroom, size int) slots {
	stride := (headroom + size + tailroom + 63) &^ 63
	return slots{headroom: headroom, stride: stride, size: size, memory: make([]byte, n*stride), length: make([]int, n), from: make([]netip.AddrPort, n)}
}

// Len is how many datagrams fit.
func (s *slots) Len() int { return len(s.length) }

// Datagram is what lies in slot i and who sent it, valid until the slot is read into again. An IPv4 sender is never in IPv6 clothes.
func (s *slots) Datagram(i int) ([]byte, netip.AddrPort) {
	start := i*s.stride + s.headroom
	return s.memory[start : start+s.length[i] : (i+1)*s.stride], s.from[i]
}

// Slot is the whole memory of slot i; its datagram begins at the headroom.
func (s *slots) Slot(i int) []byte { return s.memory[i*s.stride : (i+1)*s.stride] }
