package batch

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// Reader holds what was read.
type Reader struct {
	slots
	msgs  []mmsghdr
	iovs  []unix.Iovec
	names []unix.RawSockaddrInet6
	infos []pktinfo // with Locals
}

// NewReader makes n slots for datagrams of at most size bytes, with headroom bytes free before each. Longer ones are dropped.
func NewReader(n, headroom, size int) *Reader {
	r := &Reader{slots: newSlots(n, headroom, size), msgs: make([]mmsghdr, n), iovs: make([]unix.Iovec, n), names: make([]unix.RawSockaddrInet6, n)}
	for i := range n {
		r.iovs[i].Base = &r.memory[i*r.stride+headroom]
		r.iovs[i].SetLen(size)
		h := &r.msgs[i].hdr
		h.Name, h.Iov = (*byte)(unsafe.Pointer(&r.names[i])), &r.iovs[i]
		h.SetIovlen(1)
	}
	return r
}

// Locals lets Local tell which address of this machine each datagram was sent to, of sockets that TellLocals was called for.
func (r *Reader) Locals() {
	r.infos = make([]pktinfo, len(r.msgs))
	for i := range r.msgs {
		r.msgs[i].hdr.Control = (*byte)(unsafe.Pointer(&r.infos[i]))
	}
}

// Local is the address that the datagram in slot i was sent to; invalid when the kernel did not tell.
func (r *Reader) Local(i int) netip.Addr {
	if r.infos == nil || r.msgs[i].hdr.Controllen == 0 {
		return netip.Addr{}
	}
	return r.infos[i].local()
}

// Read fills the slots from first on, at most most of them, with what waits at fd. It returns how many; EAGAIN is no error but zero.
// A datagram that was too long has length 0.
func (r *Reader) Read(fd, first, most int) (int, error) {
	most = min(most, len(r.msgs)-first)
	if most <= 0 {
		return 0, nil
	}
	for i := first; i < first+most; i++ {
		r.msgs[i].hdr.Namelen = unix.SizeofSockaddrInet6
		r.msgs[i].hdr.Flags = 0
		if r.infos != nil {
			r.msgs[i].hdr.SetControllen(int(unsafe.Sizeof(pktinfo{})))
		}
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&r.msgs[first])), uintptr(most), unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			for i := first; i < first+int(n); i++ {
				r.length[i] = int(r.msgs[i].n)
				if r.msgs[i].hdr.Flags&unix.MSG_TRUNC != 0 {
					r.length[i] = 0
				}
				r.from[i] = addrPort(&r.names[i])
			}
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, nil
		default:
			return 0, errno
		}
	}
}

func addrPort(name *unix.RawSockaddrInet6) netip.AddrPort {
	if name.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), network(v4.Port))
	}
	return netip.AddrPortFrom(netip.AddrFrom16(name.Addr).Unmap(), network(name.Port))
}

// network turns a port as the kernel keeps it, in network order, into a number, and back.
func network(port uint16) uint16 {
	var b [2]byte
	binary.NativeEndian.PutUint16(b[:], port)
	return binary.BigEndian.Uint16(b[:])
}

// Writer collects what is to be written. It refers to the memory of others until Flush.
type Writer struct {
	segment bool
	n       int // messages
	used    int // iovecs
	msgs    []mmsghdr
	iovs    []unix.Iovec
	names   []unix.RawSockaddrInet6
	control []control
	to      []netip.AddrPort // of each message
	local   []netip.Addr     // the same; invalid: the kernel chooses
	size    []int            // of the segments of each message
	last    []int            // size of the last segment
	count   []int            // datagrams in each message
	Dropped uint64           // datagrams that the kernel refused
}

// segments reports whether the kernel knows UDP_SEGMENT (Linux 4.18).
var segments = sync.OnceValue(func() bool {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	_, err = unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
	return err == nil
})

// NewWriter makes a Writer with room for n datagrams. With segment, runs of equal length to one address are given to the kernel as
// one, if it can do that; it is turned off by itself where the way out cannot.
func NewWriter(n int, segment bool) *Writer {
	return &Writer{
		segment: segment && segments(), msgs: make([]mmsghdr, n), iovs: make([]unix.Iovec, n), names: make([]unix.RawSockaddrInet6, n),
		control: make([]control, n), to: make([]netip.AddrPort, n), local: make([]netip.Addr, n), size: make([]int, n), last: make([]int, n), count: make([]int, n),
	}
}

// Full reports whether Add has no room.
func (w *Writer) Full() bool { return w.used == len(w.iovs) }

// Add puts a datagram on the list; the caller flushes a full Writer before. mapped says that the socket is an IPv6 one.
func (w *Writer) Add(b []byte, to netip.AddrPort, mapped bool) {
	w.AddFrom(b, to, netip.Addr{}, mapped)
}

// AddFrom is Add for a datagram that leaves from one of this machine's addresses, an invalid one for whichever the kernel chooses.
func (w *Writer) AddFrom(b []byte, to netip.AddrPort, local netip.Addr, mapped bool) {
	if len(b) == 0 || w.Full() {
		return
	}
	iov := &w.iovs[w.used]
	iov.Base = &b[0]
	iov.SetLen(len(b))
	if i := w.n - 1; w.segment && i >= 0 && w.to[i] == to && w.local[i] == local && w.count[i] < maxSegments && w.last[i] == w.size[i] && len(b) <= w.size[i] && (w.count[i]+1)*w.size[i] <= 65000 {
		w.used++
		w.count[i]++
		w.last[i] = len(b)
		w.msgs[i].hdr.SetIovlen(w.count[i])
		return
	}
	i := w.n
	h := &w.msgs[i].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&w.names[i])), sockaddr(&w.names[i], to, mapped)
	h.Iov, h.Control = iov, nil
	h.SetIovlen(1)
	h.SetControllen(0)
	if local.IsValid() {
		h.Control = w.control[i].info()
		h.SetControllen(w.control[i].from(local, mapped))
	}
	w.to[i], w.local[i], w.size[i], w.last[i], w.count[i] = to, local, len(b), len(b), 1
	w.n, w.used = i+1, w.used+1
}

func sockaddr(name *unix.RawSockaddrInet6, to netip.AddrPort, mapped bool) uint32 {
	if addr := to.Addr(); addr.Is4() && !mapped {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		v4.Family, v4.Port, v4.Addr = unix.AF_INET, network(to.Port()), addr.As4()
		return unix.SizeofSockaddrInet4
	}
	name.Family, name.Port, name.Addr, name.Scope_id, name.Flowinfo = unix.AF_INET6, network(to.Port()), to.Addr().As16(), 0, 0
	return unix.SizeofSockaddrInet6
}

// Flush writes the list to fd, which does not block, and empties it. What cannot be written is dropped, as networks do.
func (w *Writer) Flush(fd int) {
	for i := range w.n {
		if w.count[i] > 1 {
			h := &w.msgs[i].hdr
			h.Control = w.control[i].segment(w.size[i])
			h.SetControllen(unix.CmsgSpace(segmentBytes) + int(h.Controllen)) //nolint:unconvert // 32 bits elsewhere
		}
	}
	for done := 0; done < w.n; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&w.msgs[done])), uintptr(w.n-done), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case errno == 0 && n > 0:
			done += int(n)
		case errno == unix.EINTR || errno == unix.ECONNREFUSED: // of an earlier datagram
		case (errno == unix.EIO || errno == unix.EOPNOTSUPP) && w.count[done] > 1: // no checksums on the way out
			w.segment = false
			w.oneByOne(fd, done)
			done++
		case (errno == unix.EINVAL || errno == unix.EMSGSIZE) && w.count[done] > 1: // segments above the MTU, or a bad address: no reason to turn it off for all
			w.oneByOne(fd, done)
			done++
		default:
			w.Dropped += uint64(w.count[done])
			done++
		}
	}
	w.n, w.used = 0, 0
}

// oneByOne writes the segments of message i as datagrams.
func (w *Writer) oneByOne(fd, i int) {
	h := w.msgs[i].hdr
	h.SetControllen(int(h.Controllen) - unix.CmsgSpace(segmentBytes)) //nolint:unconvert // 32 bits elsewhere
	if h.Control = nil; h.Controllen > 0 {
		h.Control = w.control[i].info()
	}
	h.SetIovlen(1)
	for j := range w.count[i] {
		one := mmsghdr{hdr: h}
		one.hdr.Iov = (*unix.Iovec)(unsafe.Add(unsafe.Pointer(h.Iov), uintptr(j)*unsafe.Sizeof(unix.Iovec{})))
		if _, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&one)), 1, unix.MSG_DONTWAIT, 0, 0); errno != 0 {
			w.Dropped++
		}
	}
}

// ReadBatch waits until something can be read, and reads it into r from slot 0 on.
func (c *Conn) ReadBatch(r *Reader) (n int, err error) {
	waited := c.raw.Read(func(fd uintptr) bool {
		n, err = r.Read(int(fd), 0, r.Len())
		return n > 0 || err != nil
	})
	if waited != nil {
		return 0, waited
	}
	return n, err
}

// Add puts a datagram for this socket on the list of w; it flushes a full one before.
func (c *Conn) Add(w *Writer, b []byte, to netip.AddrPort) error {
	if w.Full() {
		if err := c.WriteBatch(w); err != nil {
			return err
		}
	}
	w.Add(b, to, c.mapped)
	return nil
}

// WriteBatch writes the list of w and empties it.
func (c *Conn) WriteBatch(w *Writer) error {
	return c.raw.Control(func(fd uintptr) { w.Flush(int(fd)) })
}
