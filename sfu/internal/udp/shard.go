package udp

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"

	"passerby/internal/batch"
)

const (
	slots   = 64   // datagrams in a batch
	outRoom = 4096 // datagrams that wait to be written
)

// shard is one socket, with a goroutine that reads and one that writes.
type shard struct {
	mux  *Mux
	udp  *net.UDPConn
	conn *batch.Conn
	out  queue

	reading  atomic.Bool // the reader is at work on a batch, and writes what is queued when it is done
	flushing sync.Mutex  // guards groups; held from taking packets until they are written, so that their order stays
	groups   grouper

	received, sent, dropped atomic.Uint64
}

func newShard(m *Mux, socket *net.UDPConn) (*shard, error) {
	conn, err := batch.Wrap(socket)
	if err != nil {
		return nil, err
	}
	s := &shard{mux: m, udp: socket, conn: conn}
	s.out.init(outRoom)
	return s, nil
}

// read routes what comes.
func (s *shard) read() {
	m := s.mux
	r := batch.NewReader(slots, 0, maxDatagram)
	w := batch.NewWriter(slots, true)
	var paths [slots]*path
	for {
		n, err := s.conn.ReadBatch(r)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		now := m.now()
		m.mu.RLock()
		for i := range n {
			_, from := r.Datagram(i)
			paths[i] = m.paths[from]
		}
		m.mu.RUnlock()
		s.reading.Store(true)
		for i := range n {
			b, from := r.Datagram(i)
			m.route(b, from, paths[i], s, now)
		}
		s.reading.Store(false)
		s.flush(w)
		s.received.Add(uint64(n))
	}
}

// send queues a copy of b.
func (s *shard) send(b []byte, to netip.AddrPort) {
	if len(b) > maxDatagram {
		s.mux.full.Add(1)
		return
	}
	p := NewPacket()
	p.n, p.addr = copy(p.b[:], b), to
	s.give(p)
}

// give queues a packet, which is the shard's from now on.
func (s *shard) give(p *Packet) {
	first, ok := s.out.push(p)
	switch {
	case !ok:
		s.mux.full.Add(1)
		p.Free()
	case first && !s.reading.Load():
		s.out.signal()
	}
}

// write sends what is queued while the reader is not at work. Before it looks, it lets every goroutine that can run have its
// turn, so that writes come together under load, and wait for nothing otherwise.
func (s *shard) write() {
	w := batch.NewWriter(slots, true)
	for {
		select {
		case <-s.out.wake:
			runtime.Gosched()
			s.flush(w)
		case <-s.mux.stop:
			s.flush(w)
			_ = s.udp.Close()
			return
		}
	}
}

func (s *shard) flush(w *batch.Writer) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	for list := s.out.take(); list != nil; {
		first, n, rest := s.groups.take(list)
		list = rest
		for p := first; p != nil; p = p.next {
			_ = s.conn.Add(w, p.Bytes(), p.addr)
		}
		_ = s.conn.WriteBatch(w)
		for p := first; p != nil; {
			next := p.next
			p.Free()
			p = next
		}
		s.out.room.Add(int32(n))
		s.sent.Add(uint64(n))
	}
	s.dropped.Add(w.Dropped)
	w.Dropped = 0
}
