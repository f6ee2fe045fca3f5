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
)

var (
	errNoPort = errors.New("no free relay port")
	errClosed = errors.New("the server is closing")
	errTCP    = errors.New("TCP relays are not offered")
)

// relays makes relay sockets and knows all that are open. It is pion's
// RelayAddressGenerator.
type relays struct {
	cfg     Config
	refused *refusals
	policy  policy

	mu     sync.Mutex // guards the rest
	open   map[*relay]struct{}
	closed bool
	gone   sync.WaitGroup // one for each open relay
}

func (r *relays) Validate() error { return nil }

func (r *relays) AllocateConn(string, int) (net.Conn, net.Addr, error) { return nil, nil, errTCP }

// AllocatePacketConn binds a relay socket and says what address clients are told.
func (r *relays) AllocatePacketConn(_ string, port int) (net.PacketConn, net.Addr, error) {
	conn, err := r.bind(port)
	if err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, nil, errors.Join(errClosed, conn.Close())
	}
	x := &relay{UDPConn: conn, all: r}
	r.open[x] = struct{}{}
	r.gone.Add(1)
	told := netip.AddrPortFrom(r.cfg.PublicIP, uint16(conn.LocalAddr().(*net.UDPAddr).Port))
	return x, net.UDPAddrFromAddrPort(told), nil
}

func (r *relays) bind(port int) (*net.UDPConn, error) {
	listen := func(port int) (*net.UDPConn, error) {
		var lc net.ListenConfig
		c, err := lc.ListenPacket(context.Background(), "udp4", net.JoinHostPort(r.cfg.RelayIP.String(), strconv.Itoa(port)))
		if err != nil {
			return nil, err
		}
		return c.(*net.UDPConn), nil
	}
	if port != 0 || r.cfg.MinPort == 0 {
		return listen(port)
	}
	lo, n := int(r.cfg.MinPort), int(r.cfg.MaxPort)-int(r.cfg.MinPort)+1
	start := rand.IntN(n) // unpredictable, then every port once
	var last error
	for i := range n {
		c, err := listen(lo + (start+i)%n)
		if err == nil {
			return c, nil
		}
		last = err
	}
	return nil, fmt.Errorf("%w in %d–%d: %w", errNoPort, r.cfg.MinPort, r.cfg.MaxPort, last)
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
		var reason string
		if verdict, reason = x.all.policy.allow(peer); !verdict {
			x.all.refused.count(reason)
		}
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
	if !ok || peer.Port() == 0 || !x.allows(peer) {
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
		x.all.mu.Lock()
		delete(x.all.open, x)
		x.all.mu.Unlock()
		x.all.gone.Done()
	})
}

// ownAddress is the first IPv4 address of this machine that is not loopback, else 127.0.0.1.
func ownAddress() netip.Addr {
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap().Is4() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast() {
				return ip.Unmap()
			}
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
