package turn

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"sync"

	pion "github.com/pion/turn/v5"
)

var (
	errFull   = errors.New("the server holds as many allocations as it may")
	errNoPort = errors.New("no free relay port")
	errClosed = errors.New("the server is closing")
	errTCP    = errors.New("TCP relays are not offered")
	errNoIPv6 = errors.New("IPv6 relays are not offered")
)

// relays makes relay sockets and knows all that are open. It is pion's
// RelayAddressGenerator.
type relays struct {
	cfg     Config
	refused *refusals
	full    func() bool // the server holds as many allocations as it may
	policy  policy
	inside  inside

	mu     sync.Mutex // guards the rest
	open   map[*relay]struct{}
	closed bool
	gone   sync.WaitGroup // one for each open relay
}

func newRelays(cfg Config, refused *refusals, full func() bool) *relays {
	return &relays{cfg: cfg, refused: refused, full: full, policy: newPolicy(cfg), inside: newInside(cfg), open: make(map[*relay]struct{})}
}

func (r *relays) Validate() error { return nil }

func (r *relays) AllocateConn(pion.AllocateConnConfig) (net.Conn, error) { return nil, errTCP }

func (r *relays) AllocateListener(pion.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTCP
}

// AllocatePacketConn binds a relay socket and says what address clients are told.
func (r *relays) AllocatePacketConn(ask pion.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	if r.full() {
		return nil, nil, errFull
	}
	conn, told, err := r.bind(ask)
	if err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errors.Join(errClosed, conn.Close())
	}
	x := &relay{UDPConn: conn, all: r, told: told}
	r.open[x] = struct{}{}
	r.gone.Add(1)
	r.inside.add(told, nil)
	return x, net.UDPAddrFromAddrPort(told), nil
}

// allows asks the policy about an address and port, and counts a refusal.
func (r *relays) allows(peer netip.AddrPort) bool {
	ok, reason := r.policy.allow(peer)
	if !ok {
		r.refused.count(reason)
	}
	return ok
}

// bind opens a socket of the family and says its address to the world.
func (r *relays) bind(ask pion.AllocateListenerConfig) (conn *net.UDPConn, told netip.AddrPort, err error) {
	at, public := r.cfg.RelayIP, r.cfg.PublicIP
	if ask.Network == "udp6" {
		if at, public = r.cfg.RelayIP6, r.cfg.PublicIP6; !at.IsValid() {
			return nil, told, errNoIPv6
		}
	}
	listen := func(port int) error {
		var lc net.ListenConfig
		c, err := lc.ListenPacket(context.Background(), ask.Network, net.JoinHostPort(at.String(), strconv.Itoa(port)))
		if err != nil {
			return err
		}
		conn = c.(*net.UDPConn)
		told = netip.AddrPortFrom(public, conn.LocalAddr().(*net.UDPAddr).AddrPort().Port())
		return nil
	}
	if ask.RequestedPort != 0 || r.cfg.MinPort == 0 {
		err = listen(ask.RequestedPort)
		return conn, told, err
	}
	lo, n := int(r.cfg.MinPort), int(r.cfg.MaxPort)-int(r.cfg.MinPort)+1
	start := rand.IntN(n) // unpredictable, then every port once
	for i := range n {
		if err = listen(lo + (start+i)%n); err == nil {
			return conn, told, nil
		}
	}
	return nil, told, fmt.Errorf("%w in %d–%d: %w", errNoPort, r.cfg.MinPort, r.cfg.MaxPort, err)
}

// close closes every relay socket and waits for them.
func (r *relays) close() {
	r.mu.Lock()
	r.closed = true
	for x := range r.open {
		x.UDPConn.Close()
	}
	r.mu.Unlock()
	r.gone.Wait()
}

// relay is a relay socket that talks only to allowed peers. A TURN permission
// is per address; this is per address and port.
type relay struct {
	*net.UDPConn
	all  *relays
	told netip.AddrPort
	once sync.Once

	mu    sync.Mutex // guards known
	known map[netip.AddrPort]bool
}

// maxKnown bounds the verdicts that a relay remembers.
const maxKnown = 64

func (x *relay) allows(peer netip.AddrPort) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	verdict, seen := x.known[peer]
	if !seen {
		verdict = x.all.allows(peer)
		if x.known == nil || len(x.known) >= maxKnown {
			x.known = make(map[netip.AddrPort]bool)
		}
		x.known[peer] = verdict
	}
	return verdict
}

// WriteTo drops what is meant for a peer that is not allowed: on this way
// there is nobody to tell.
func (x *relay) WriteTo(b []byte, to net.Addr) (int, error) {
	peer, ok := peerOf(to)
	if !ok || peer.Port() == 0 {
		return len(b), nil
	}
	if p, own := x.all.inside.find(peer); own {
		peer = p.kernel
	} else if !x.allows(peer) {
		return len(b), nil
	}
	return x.UDPConn.WriteToUDPAddrPort(b, peer)
}

// ReadFrom passes over what comes from elsewhere.
func (x *relay) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := x.UDPConn.ReadFromUDPAddrPort(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				x.forget()
			}
			return 0, nil, err
		}
		from = netip.AddrPortFrom(plain(from.Addr()), from.Port())
		if told, own := x.all.inside.name(from); own {
			return n, net.UDPAddrFromAddrPort(told), nil
		}
		if x.allows(from) {
			return n, net.UDPAddrFromAddrPort(from), nil
		}
	}
}

// Close closes the socket; closing twice is no error.
func (x *relay) Close() error {
	err := x.UDPConn.Close()
	x.forget()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (x *relay) forget() {
	x.once.Do(func() {
		x.all.inside.remove(x.told)
		x.all.mu.Lock()
		delete(x.all.open, x)
		x.all.mu.Unlock()
		x.all.gone.Done()
	})
}

// ownAddresses are the addresses of this machine.
func ownAddresses() (own []netip.Addr) {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				own = append(own, plain(ip))
			}
		}
	}
	return own
}

// ownAddress is the first IPv4 address of this machine that is not loopback, else 127.0.0.1.
func ownAddress() netip.Addr {
	for _, ip := range ownAddresses() {
		if ip.Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
			return ip
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
