package turn

import (
	"crypto/rand"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	grantBurst  = 64 // permissions, channels and moves that one client may ask for …
	grantWindow = time.Minute

	reservedFor = 30 * time.Second // RFC 8656, section 7.2
	maxReserved = 256
	anyLo       = 49152 // where pairs of ports come from when no range is set
	anyHi       = 65535
)

// relays is what all shards know together: whom relays may talk to, which of them are peers of one another, and which ports are free.
type relays struct {
	at      [2]netip.Addr // that IPv4 and IPv6 relays bind to
	public  [2]netip.Addr // that clients are told
	pools   [2]*pool
	ranged  bool // every port comes from the pools
	refused *refusals
	policy  policy
	inside  inside
	shared  *shared
	ledger  *ledger

	mu       sync.Mutex // guards reserved
	reserved map[token]reservation
}

// reservation is a port that waits for the allocation that names its token (RFC 8656, section 7.2). It counts as an allocation.
type reservation struct {
	relay *relay
	user  string
	home  netip.Addr // where it counts
	until time.Duration
}

func newRelays(c Config, refused *refusals, l *ledger) *relays {
	r := &relays{
		at: [2]netip.Addr{c.RelayIP, c.RelayIP6}, public: [2]netip.Addr{c.PublicIP, c.PublicIP6}, ranged: c.MinPort != 0,
		refused: refused, policy: newPolicy(c), inside: newInside(c), shared: newShared(c), ledger: l, reserved: make(map[token]reservation),
	}
	lo, hi := anyLo, anyHi
	if r.ranged {
		lo, hi = int(c.MinPort), int(c.MaxPort)
	}
	r.pools = [2]*pool{newPool(lo, hi), newPool(lo, hi)}
	return r
}

// has reports whether there are relays of a family.
func (r *relays) has(family byte) bool { return r.at[family-1].IsValid() }

// allows asks the policy about an address and port, and counts a refusal.
func (r *relays) allows(peer netip.AddrPort) bool {
	ok, reason := r.policy.allow(peer)
	if !ok {
		r.refused.count(reason)
	}
	return ok
}

// open binds a relay socket, on an even port if need be, with pair also the port above.
func (r *relays) open(p pump, family byte, even, pair bool) (first, second *relay, err error) {
	i := family - 1
	first = &relay{pool: r.ranged || even}
	if pair {
		second = &relay{pool: true}
	}
	port := 0
	if !first.pool {
		port, err = p.open(first, r.at[i], 0)
	} else {
		port, err = r.pools[i].take(even, pair, func(port int) error {
			_, err := p.open(first, r.at[i], port)
			if err == nil && pair {
				if _, err = p.open(second, r.at[i], port+1); err != nil {
					first.shut()
				}
			}
			return err
		})
	}
	if err != nil {
		return nil, nil, err
	}
	first.told = netip.AddrPortFrom(r.public[i], uint16(port)) //nolint:gosec // a port
	if pair {
		second.told = netip.AddrPortFrom(r.public[i], uint16(port+1)) //nolint:gosec // a port
	}
	return first, second, nil
}

// release gives the port of a closed relay back.
func (r *relays) release(x *relay) {
	if x.pool {
		r.pools[index(x.told.Addr())].release(int(x.told.Port()))
	}
}

// reserve keeps a relay for who names the token, for a while. The caller has counted it.
func (r *relays) reserve(x *relay, user string, home netip.Addr, now time.Duration) (t token) {
	_, _ = rand.Read(t[:]) // never fails
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reserved[t] = reservation{x, user, home, now + reservedFor}
	return t
}

// claim takes a reserved relay, which counts for the new home from now on, or says why not.
func (r *relays) claim(t token, user string, home netip.Addr, now time.Duration) (*relay, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept, ok := r.reserved[t]
	if !ok || kept.user != user || kept.until <= now {
		return nil, codeCapacity
	}
	if !r.ledger.move(kept.home, home) {
		return nil, codeQuota
	}
	delete(r.reserved, t)
	return kept.relay, 0
}

// waiting is how many ports are reserved.
func (r *relays) waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.reserved)
}

// sweep closes what nobody claimed in time, and says how many wait.
func (r *relays) sweep(now time.Duration) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for t, kept := range r.reserved {
		if kept.until <= now {
			delete(r.reserved, t)
			kept.relay.shut()
			r.release(kept.relay)
			r.ledger.release(kept.user, kept.home)
		}
	}
	return len(r.reserved)
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
