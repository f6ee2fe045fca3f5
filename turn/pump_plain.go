package turn

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// single is a pump that moves packets one by one, on any system: a goroutine for the socket of the listen port, one for each relay.
type single struct {
	shard    *shard
	listener homed
	readers  sync.WaitGroup // of relays
}

// listenPlain makes one shard with such a pump.
func (s *Server) listenPlain() (net.Listener, error) {
	udp, tcp, err := bindBoth(s.cfg.Listen)
	if err != nil {
		return nil, err
	}
	x := newShard(s)
	x.pump = &single{shard: x, listener: newHomed(udp)}
	s.shards, s.udp = []*shard{x}, udp.LocalAddr()
	return tcp, nil
}

func newSlot() []byte { return make([]byte, headroom+maxDatagram+1+tailroom) }

// read is one datagram, of at most maxDatagram bytes.
func read(c homed, slot []byte) (n int, from netip.AddrPort, local netip.Addr, err error) {
	n, from, local, err = c.read(slot[headroom : headroom+maxDatagram+1])
	if n > maxDatagram {
		n = 0
	}
	return n, netip.AddrPortFrom(plain(from.Addr()), from.Port()), local, err
}

func (p *single) run() {
	slot, looked := newSlot(), time.Now()
	for {
		_ = p.listener.SetReadDeadline(looked.Add(time.Second))
		n, from, local, err := read(p.listener, slot)
		if errors.Is(err, net.ErrClosed) {
			break
		}
		now := time.Now()
		p.shard.lock()
		if err == nil {
			p.shard.handle(slot, headroom, n, sender{at: from, local: local})
		}
		if now.Sub(looked) >= time.Second {
			p.shard.expire()
			looked = now
		}
		p.shard.mu.Unlock()
	}
	p.readers.Wait()
}

func (p *single) stop()         { _ = p.listener.Close() }
func (p *single) closeSockets() { _ = p.listener.Close() }
func (p *single) flush()        {}

func (p *single) open(r *relay, at netip.Addr, port int) (int, error) {
	network := "udp4"
	if at.Is6() {
		network = "udp6"
	}
	c, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, uint16(port)))) //nolint:gosec // a port
	if err != nil {
		return 0, err
	}
	r.conn = c
	return c.LocalAddr().(*net.UDPAddr).Port, nil
}

func (p *single) watch(r *relay) {
	p.readers.Go(func() {
		slot := newSlot()
		for {
			n, from, _, err := read(homed{UDPConn: r.conn}, slot)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue // an ICMP answer to an earlier packet
			}
			p.shard.lock()
			p.shard.arrived(r, from, slot, n)
			p.shard.mu.Unlock()
		}
	})
}

func (p *single) leave(*relay)   {} // there is no other
func (p *single) close(r *relay) { r.shut() }

func (p *single) toClient(b []byte, to netip.AddrPort, local netip.Addr) {
	if _, err := p.listener.write(b, to, local); err != nil {
		p.shard.counts[UDP].dropped++
	}
}

func (p *single) toPeer(r *relay, b []byte, to netip.AddrPort) {
	if _, err := r.conn.WriteToUDPAddrPort(b, to); err != nil {
		p.shard.count.dropped++
	}
}
