package udp

import (
	"net"
	"net/netip"
	"testing"

	"passerby/internal/batch"
)

// MaxPaths is how many paths a session may have.
const MaxPaths = maxPaths

// LocalUfrag is for the fuzz test.
var LocalUfrag = localUfrag

// NewAt is New with a clock, in Unix nanoseconds.
var NewAt = newMux

// LimitPaths sets the total of paths.
func (m *Mux) LimitPaths(n int) { m.maxPaths = n }

// Limit is a token bucket.
type Limit = limit

// Take takes tokens.
func (l *limit) Take(now int64, n, rate int) bool { return l.take(now, n, rate) }

// Grouped is the order in which packets to these addresses are written, by their places.
func Grouped(to []netip.AddrPort) (order []int) {
	var g grouper
	var list *Packet
	for i := len(to) - 1; i >= 0; i-- {
		list = &Packet{next: list, addr: to[i], n: i}
	}
	for list != nil {
		var n int
		var p *Packet
		p, n, list = g.take(list)
		for ; p != nil; p = p.next {
			order = append(order, p.n)
			n--
		}
		if n != 0 {
			panic("packets were lost")
		}
	}
	return order
}

// Writing gives a function that queues so many packets to each address, one packet to all before the next, and writes them.
func Writing(tb testing.TB) (write func(packets int, to []netip.AddrPort), stop func()) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	s, err := newShard(&Mux{}, conn)
	if err != nil {
		tb.Fatal(err)
	}
	w := batch.NewWriter(slots, true)
	return func(packets int, to []netip.AddrPort) {
		for range packets {
			for _, addr := range to {
				p := NewPacket()
				p.n, p.addr = 1100, addr
				s.out.push(p)
			}
		}
		s.flush(w)
	}, func() { _ = conn.Close() }
}
