//go:build !linux

package batch

import "net/netip"

// Reader holds what was read.
type Reader struct{ slots }

// NewReader makes n slots for datagrams of at most size bytes, with headroom bytes free before each.
func NewReader(n, headroom, size int) *Reader { return &Reader{newSlots(n, headroom, size)} }

type message struct {
	b  []byte
	to netip.AddrPort
}

// Writer collects what is to be written. It refers to the memory of others until WriteBatch.
type Writer struct {
	list    []message
	Dropped uint64 // datagrams that the kernel refused
}

// NewWriter makes a Writer with room for n datagrams; segment has no meaning here.
func NewWriter(n int, _ bool) *Writer { return &Writer{list: make([]message, 0, n)} }

// Full reports whether Add has no room.
func (w *Writer) Full() bool { return len(w.list) == cap(w.list) }

// ReadBatch waits for one datagram and reads it into slot 0.
func (c *Conn) ReadBatch(r *Reader) (int, error) {
	n, from, err := c.udp.ReadFromUDPAddrPort(r.memory[r.headroom : r.headroom+r.size])
	if err != nil {
		return 0, err
	}
	r.length[0], r.from[0] = n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	return 1, nil
}

// Add puts a datagram for this socket on the list of w; it flushes a full one before.
func (c *Conn) Add(w *Writer, b []byte, to netip.AddrPort) error {
	if w.Full() {
		if err := c.WriteBatch(w); err != nil {
			return err
		}
	}
	w.list = append(w.list, message{b, to})
	return nil
}

// WriteBatch writes the list of w and empties it.
func (c *Conn) WriteBatch(w *Writer) error {
	for _, m := range w.list {
		if _, err := c.udp.WriteToUDPAddrPort(m.b, m.to); err != nil {
			w.Dropped++
		}
	}
	w.list = w.list[:0]
	return nil
}
