package turn

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

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
