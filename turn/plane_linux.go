package turn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	pion "github.com/pion/turn/v5"
	"golang.org/x/sys/unix"
)

// plane is the data plane of UDP clients. It stands in front of pion, which sees requests only:
//
//	client ══▶ shard ── ChannelData, Send ──▶ relay socket ══▶ peer      one goroutine per shard, batches
//	              └───── requests ──▶ pion ── events ──▶ tables of the shard
//
// To pion it is the UDP socket and the maker of relays. Pion reads with one goroutine, so what it does between two reads is for
// the request that it read last.
type plane struct {
	all     *relays
	local   *net.UDPAddr
	shards  []*shard
	control chan *request // to pion
	free    chan *request
	done    chan struct{}
	gone    sync.WaitGroup // one for each relay socket
	turns   sync.WaitGroup // one for each shard

	working   request // owned by pion's reader
	challenge atomic.Pointer[challenge]

	mu     sync.RWMutex // guards closed, and so the descriptors against their end
	closed bool
}

// request is a datagram for pion.
type request struct {
	shard *shard
	from  netip.AddrPort
	n     int
	b     [maxDatagram]byte
}

const (
	maxDatagram = 1600 // pion drops longer ones
	waiting     = 512  // requests that may wait for pion; more are dropped, and asked again by their clients
)

var errNotUDP = errors.New("not a UDP address")

// listenPlane opens one UDP socket for each shard on one port, and the TCP listener beside.
func listenPlane(addr string, n int, all *relays) (_ *plane, _ net.Listener, err error) {
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	at, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, nil, err
	}
	p := &plane{all: all, control: make(chan *request, waiting), free: make(chan *request, waiting), done: make(chan struct{})}
	tcp, err := p.bind(at, n)
	if err != nil {
		return nil, nil, err
	}
	for _, s := range p.shards {
		p.turns.Go(s.run)
	}
	return p, tcp, nil
}

func (p *plane) bind(at *net.UDPAddr, n int) (net.Listener, error) {
	port := at.Port
	for try := 0; ; try++ {
		at.Port = port
		tcp, err := p.bindOnce(at, n)
		if err == nil {
			return tcp, nil
		}
		for _, s := range p.shards {
			s.closeSockets()
		}
		p.shards = nil
		if port != 0 || try == 20 { // a port that the system chose may be taken for TCP
			return nil, err
		}
	}
}

func (p *plane) bindOnce(at *net.UDPAddr, n int) (net.Listener, error) {
	for range n {
		fd, v6, err := udpSocket(at, true)
		if err != nil {
			return nil, err
		}
		s, err := newShard(p, fd, v6)
		if err != nil {
			return nil, errors.Join(err, unix.Close(fd))
		}
		p.shards = append(p.shards, s)
		if at.Port == 0 {
			at.Port = portOf(fd)
		}
	}
	p.local = &net.UDPAddr{IP: at.IP, Port: at.Port}
	if p.local.IP == nil {
		p.local.IP = net.IPv6unspecified
	}
	var lc net.ListenConfig
	return lc.Listen(context.Background(), "tcp", at.String())
}

// udpSocket opens a socket that does not block; without an address it takes both families. shared lets several have one port.
func udpSocket(at *net.UDPAddr, shared bool) (fd int, v6 bool, err error) {
	v6 = at.IP.To4() == nil
	family := unix.AF_INET
	if v6 {
		family = unix.AF_INET6
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) && at.IP == nil {
		return udpSocket(&net.UDPAddr{IP: net.IPv4zero, Port: at.Port}, shared)
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: at, Err: err}
	}
	set := func(level, option, value int) {
		if err == nil {
			err = unix.SetsockoptInt(fd, level, option, value)
		}
	}
	if v6 {
		only := 1
		if at.IP == nil {
			only = 0
		}
		set(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	}
	if shared {
		set(unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20) // as much of it as the system allows
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 4<<20)
	}
	if err == nil {
		if v6 {
			sa := &unix.SockaddrInet6{Port: at.Port}
			copy(sa.Addr[:], at.IP.To16())
			err = unix.Bind(fd, sa)
		} else {
			sa := &unix.SockaddrInet4{Port: at.Port}
			copy(sa.Addr[:], at.IP.To4())
			err = unix.Bind(fd, sa)
		}
	}
	if err != nil {
		return 0, false, &net.OpError{Op: "listen", Net: "udp", Addr: at, Err: errors.Join(err, unix.Close(fd))}
	}
	return fd, v6, nil
}

func portOf(fd int) int {
	switch sa, _ := unix.Getsockname(fd); sa := sa.(type) {
	case *unix.SockaddrInet4:
		return sa.Port
	case *unix.SockaddrInet6:
		return sa.Port
	}
	return 0
}

// take hands a request to pion, or drops it when too many wait. It is called by shards.
func (p *plane) take(s *shard, b []byte, from netip.AddrPort) bool {
	var r *request
	select {
	case r = <-p.free:
	default:
		r = new(request)
	}
	r.shard, r.from, r.n = s, from, copy(r.b[:], b)
	select {
	case p.control <- r:
		return true
	default:
		return false
	}
}

// ReadFrom is for pion.
func (p *plane) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case r := <-p.control:
		p.working.shard, p.working.from = r.shard, r.from
		n := copy(b, r.b[:r.n])
		select {
		case p.free <- r:
		default:
		}
		return n, net.UDPAddrFromAddrPort(p.working.from), nil
	case <-p.done:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo is for pion's answers.
func (p *plane) WriteTo(b []byte, to net.Addr) (int, error) {
	peer, ok := peerOf(to)
	if !ok {
		return 0, errNotUDP
	}
	if c := newChallenge(b, time.Now()); c != nil {
		p.challenge.Store(c)
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return 0, net.ErrClosed
	}
	s := p.shards[0]
	if err := unix.Sendto(s.listener, b, unix.MSG_DONTWAIT, sockaddr(peer, s.v6)); err != nil && !errors.Is(err, unix.EAGAIN) {
		return 0, err
	}
	return len(b), nil
}

func sockaddr(to netip.AddrPort, v6 bool) unix.Sockaddr {
	if v6 {
		return &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	return &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}
}

func (p *plane) LocalAddr() net.Addr { return p.local }

// Close ends pion's reading, after which pion closes its allocations; wait tells when they are gone.
func (p *plane) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.closed = true
		close(p.done)
	}
	return nil
}

func (p *plane) wait() {
	p.gone.Wait()
	for _, s := range p.shards {
		s.stop()
	}
	p.turns.Wait()
	for _, s := range p.shards {
		s.closeSockets()
	}
}

// Deadlines are of no use to pion's server.
func (p *plane) SetDeadline(time.Time) error      { return nil }
func (p *plane) SetReadDeadline(time.Time) error  { return nil }
func (p *plane) SetWriteDeadline(time.Time) error { return nil }

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

func relaySocket(at netip.Addr, port int, cfg Config) (fd int, err error) {
	open := func(port int) bool {
		fd, _, err = udpSocket(&net.UDPAddr{IP: at.AsSlice(), Port: port}, false)
		return err == nil
	}
	if port != 0 || cfg.MinPort == 0 {
		open(port)
		return fd, err
	}
	lo, n := int(cfg.MinPort), int(cfg.MaxPort)-int(cfg.MinPort)+1
	start := rand.IntN(n) // unpredictable, then every port once
	for i := range n {
		if open(lo + (start+i)%n) {
			return fd, nil
		}
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
			break
		}
	}
	return 0, fmt.Errorf("%w in %d–%d: %w", errNoPort, cfg.MinPort, cfg.MaxPort, err)
}

// find is the allocation that has this relayed address; nil when a stream client has it.
func (p *plane) find(relay net.Addr) *allocation {
	told, ok := peerOf(relay)
	if !ok {
		return nil
	}
	return p.all.inside.at(told)
}

// events adds to pion's events what keeps the tables.
func (p *plane) events(e pion.EventHandler) pion.EventHandler {
	created := e.OnAllocationCreated
	e.OnAllocationCreated = func(from, to net.Addr, protocol, user, realm string, relay net.Addr, port int) {
		created(from, to, protocol, user, realm, relay, port)
		if a := p.find(relay); a != nil {
			a.shard.add(a)
		}
	}
	e.OnPermissionCreated = func(_, _ net.Addr, _, _, _ string, relay net.Addr, ip net.IP) {
		if a := p.find(relay); a != nil {
			host, _ := netip.AddrFromSlice(ip)
			a.change(func(t *peers) {
				if len(t.hosts) < maxPeers {
					t.hosts = append(t.hosts, plain(host))
				}
			})
		}
	}
	e.OnPermissionDeleted = func(_, _ net.Addr, _, _, _ string, relay net.Addr, ip net.IP) {
		if a := p.find(relay); a != nil {
			host, _ := netip.AddrFromSlice(ip)
			a.change(func(t *peers) {
				t.hosts = slices.DeleteFunc(t.hosts, func(h netip.Addr) bool { return h == plain(host) })
			})
		}
	}
	e.OnChannelCreated = func(_, _ net.Addr, _, _, _ string, relay, peer net.Addr, number uint16) {
		a := p.find(relay)
		at, ok := peerOf(peer)
		if a == nil || !ok {
			return
		}
		open, _ := p.all.policy.allow(at)
		a.change(func(t *peers) {
			if len(t.channels) < maxPeers {
				t.channels = append(t.channels, channel{peer: at, number: number, open: open})
			}
		})
	}
	e.OnChannelDeleted = func(_, _ net.Addr, _, _, _ string, relay, _ net.Addr, number uint16) {
		if a := p.find(relay); a != nil {
			a.change(func(t *peers) {
				t.channels = slices.DeleteFunc(t.channels, func(c channel) bool { return c.number == number })
			})
		}
	}
	return e
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

// count adds up what the shards moved.
func (p *plane) count() (sum relayCount) {
	for _, s := range p.shards {
		s.mu.Lock()
		c := s.count
		c.dropped += s.toClients.Dropped + s.toPeer.Dropped
		s.mu.Unlock()
		sum.toClients += c.toClients
		sum.toClientBytes += c.toClientBytes
		sum.toPeers += c.toPeers
		sum.toPeerBytes += c.toPeerBytes
		sum.hairpin += c.hairpin
		sum.dropped += c.dropped
		sum.challenges += c.challenges
		sum.unanswered += c.unanswered
	}
	return sum
}
