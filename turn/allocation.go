package turn

import (
	"net/netip"
	"sync"
	"sync/atomic"
)

// allocation is what the data plane knows of an allocation of a UDP client.
type allocation struct {
	client netip.AddrPort
	told   netip.AddrPort // the relayed address
	fd     int            // of the relay socket
	shard  *shard
	live   bool // known to its shard; guarded by shard.mu

	changing sync.Mutex            // guards the making of peers
	peers    atomic.Pointer[peers] // read by every shard

	// Owned by the shard, under its lock.
	first, last int32 // of this batch's packets to the relay socket, as index + 1
	verdicts    [4]verdict
	next        uint8 // verdict to be replaced

	done chan struct{} // closed with the relay socket
}

// peers says whom an allocation talks to. It is never changed, only replaced. Lists are short, so they are searched from the
// front; the ledger bounds how fast they can grow.
type peers struct {
	hosts    []netip.Addr // permissions, RFC 8656, section 9
	channels []channel    // section 12
}

type channel struct {
	peer   netip.AddrPort
	number uint16
	open   bool // the policy allows this port of the peer
}

// verdict is what the policy said of a peer without a channel.
type verdict struct {
	peer netip.AddrPort
	ok   bool
}

// maxPeers bounds permissions, and channels, of one allocation.
const maxPeers = 256

func (a *allocation) change(f func(*peers)) {
	a.changing.Lock()
	defer a.changing.Unlock()
	p := peers{}
	if old := a.peers.Load(); old != nil {
		p.hosts = append(p.hosts, old.hosts...)
		p.channels = append(p.channels, old.channels...)
	}
	f(&p)
	a.peers.Store(&p)
}

func (p *peers) permits(host netip.Addr) bool {
	if p != nil {
		for i := range p.hosts {
			if p.hosts[i] == host {
				return true
			}
		}
	}
	return false
}

func (p *peers) byNumber(n uint16) *channel {
	if p != nil {
		for i := range p.channels {
			if p.channels[i].number == n {
				return &p.channels[i]
			}
		}
	}
	return nil
}

func (p *peers) byPeer(peer netip.AddrPort) *channel {
	if p != nil {
		for i := range p.channels {
			if p.channels[i].peer == peer {
				return &p.channels[i]
			}
		}
	}
	return nil
}
