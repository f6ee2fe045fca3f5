package turn

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
)

// Times of RFC 8656: section 7.2 (an allocation lives for the default, once it was refreshed for what its client asks up to most), 9 and 12.
const (
	defaultLifetime    = 600 * time.Second
	mostLifetime       = 3600 * time.Second
	permissionLifetime = 300 * time.Second
	channelLifetime    = 600 * time.Second
)

// allocation is what one client holds. But for peers it is owned by a shard, under its lock. Times count from the server's start.
type allocation struct {
	client netip.AddrPort
	stream *stream    // nil for a UDP client
	local  netip.Addr // as of sender
	user   string
	home   netip.Addr // as the ledger counts
	id     [12]byte   // of the request that made it, which may come again
	asked  time.Duration
	token  token     // of the port that was reserved with it
	saved  bool      // there is such a port
	lacks  [2]uint16 // why there is no IPv4, no IPv6 relay although both were asked for: a code, or 0
	until  time.Duration
	last   time.Duration // it may not live longer, if there is a limit
	place  int           // in the shard's list of what is due
	relays [2]*relay
	tcp    *tcpAllocation // instead of relays; nil for UDP
	meter  *meter         // nil without limits of bandwidth
	mobile *mobile        // nil for a client that stays where it is

	peers atomic.Pointer[peers] // read by every shard

	claims  []netip.AddrPort // on a shared relay port; guarded by shared.mu
	ice     string           // the same
	partner atomic.Pointer[allocation]

	grants   int // permissions, channels and moves asked for …
	window   time.Duration
	verdicts *verdicts // nil until a peer without a channel came
}

// relay is a relay socket of an allocation.
type relay struct {
	a    *allocation // nil while the port is only reserved
	told netip.AddrPort
	pool bool // the port came from the pool
	all  bool // the socket is the shard's, for all of its allocations

	fd          int          // of the batched pump
	first, last int32        // of this batch's packets to the socket, as index + 1
	conn        *net.UDPConn // of the plain pump
}

// index is where the relay of a family lies in allocation.relays.
func index(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// told is the relayed address of a family, by its index; invalid if there is none.
func (a *allocation) told(i int) netip.AddrPort {
	switch {
	case a.tcp != nil && a.tcp.relays[i] != nil:
		return a.tcp.relays[i].told
	case a.relays[i] != nil:
		return a.relays[i].told
	}
	return netip.AddrPort{}
}

// hurries counts a request that makes something last, and reports whether there were too many in the last minute.
func (a *allocation) hurries(now time.Duration) bool {
	if now-a.window >= grantWindow || a.window == 0 {
		a.window, a.grants = max(now, 1), 0
	}
	a.grants++
	return a.grants > grantBurst
}

// relayTo is the relay that talks to a peer, or nil.
func (a *allocation) relayTo(peer netip.Addr) *relay { return a.relays[index(peer)] }

// peers says whom an allocation talks to. It is never changed, only replaced, and what has run out is dropped with the next change.
// Lists are short, so they are searched from the front; grants bounds how fast they can grow.
type peers struct {
	hosts    []host    // permissions, RFC 8656, section 9
	channels []channel // section 12
}

type host struct {
	addr  netip.Addr
	until time.Duration
}

type channel struct {
	peer   netip.AddrPort
	number uint16
	open   bool // the policy allows this port of the peer
	until  time.Duration
}

// verdicts are the last things that the policy said of peers without a channel.
type verdicts struct {
	of   [4]verdict
	next uint8 // to be replaced
}

type verdict struct {
	peer netip.AddrPort
	ok   bool
}

// maxPeers bounds permissions, and channels, of one allocation.
const maxPeers = 256

// young is a copy without what has run out.
func (p *peers) young(now time.Duration) *peers {
	q := new(peers)
	if p != nil {
		for _, h := range p.hosts {
			if h.until > now {
				q.hosts = append(q.hosts, h)
			}
		}
		for _, c := range p.channels {
			if c.until > now {
				q.channels = append(q.channels, c)
			}
		}
	}
	return q
}

// permit adds or renews a permission. It reports whether there was room.
func (p *peers) permit(addr netip.Addr, until time.Duration) bool {
	for i := range p.hosts {
		if p.hosts[i].addr == addr {
			p.hosts[i].until = until
			return true
		}
	}
	p.hosts = append(p.hosts, host{addr, until})
	return len(p.hosts) <= maxPeers
}

// permits reports whether there is a permission that has not run out.
func (p *peers) permits(addr netip.Addr, now time.Duration) bool {
	if p != nil {
		for i := range p.hosts {
			if p.hosts[i].addr == addr {
				return p.hosts[i].until > now
			}
		}
	}
	return false
}

// byNumber is a live channel, or nil.
func (p *peers) byNumber(n uint16, now time.Duration) *channel {
	if p != nil {
		for i := range p.channels {
			if c := &p.channels[i]; c.number == n && c.until > now {
				return c
			}
		}
	}
	return nil
}

// byPeer is a live channel, or nil.
func (p *peers) byPeer(peer netip.AddrPort, now time.Duration) *channel {
	if p != nil {
		for i := range p.channels {
			if c := &p.channels[i]; c.peer == peer && c.until > now {
				return c
			}
		}
	}
	return nil
}
