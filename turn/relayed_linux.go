package turn

import (
	"net"
	"net/netip"
	"sync"
	"time"

	pion "github.com/pion/turn/v5"
)

// Validate and the two for TCP complete pion's RelayAddressGenerator.
func (p *plane) Validate() error { return nil }

func (p *plane) AllocateConn(ask pion.AllocateConnConfig) (net.Conn, error) {
	return p.all.AllocateConn(ask)
}

func (p *plane) AllocateListener(ask pion.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return p.all.AllocateListener(ask)
}

// AllocatePacketConn opens a relay socket for the client whose request pion works on. Nothing is relayed before created.
func (p *plane) AllocatePacketConn(ask pion.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if p.all.full() {
		return nil, nil, errFull
	}
	cfg := p.all.cfg
	at, public := cfg.RelayIP, cfg.PublicIP
	if ask.Network == "udp6" {
		if at, public = cfg.RelayIP6, cfg.PublicIP6; !at.IsValid() {
			return nil, nil, errNoIPv6
		}
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return nil, nil, errClosed
	}
	fd, err := relaySocket(at, ask.RequestedPort, cfg)
	if err != nil {
		return nil, nil, err
	}
	a := &allocation{client: p.working.from, told: netip.AddrPortFrom(public, uint16(portOf(fd))), fd: fd, shard: p.working.shard, done: make(chan struct{})} //nolint:gosec // a port
	p.all.inside.add(a.told, a)
	p.gone.Add(1)
	return &relayed{a: a, plane: p}, net.UDPAddrFromAddrPort(a.told), nil
}

// relayed is to pion the relay socket of an allocation. Pion never gets to move a packet by it, and closes it when the allocation ends.
type relayed struct {
	a     *allocation
	plane *plane
	once  sync.Once
}

func (r *relayed) ReadFrom([]byte) (int, net.Addr, error) {
	<-r.a.done
	return 0, nil, net.ErrClosed
}

func (r *relayed) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), nil }

func (r *relayed) Close() error {
	r.once.Do(func() {
		r.plane.all.inside.remove(r.a.told)
		r.a.shard.remove(r.a)
		close(r.a.done)
		r.plane.gone.Done()
	})
	return nil
}

func (r *relayed) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(r.a.told) }
func (r *relayed) SetDeadline(time.Time) error      { return nil }
func (r *relayed) SetReadDeadline(time.Time) error  { return nil }
func (r *relayed) SetWriteDeadline(time.Time) error { return nil }
