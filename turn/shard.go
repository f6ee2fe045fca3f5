package turn

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

const (
	headroom = 64 // before each packet, for the head of a Data indication
	tailroom = 8  // behind it, for padding
)

// maxDatagram is the longest message that is taken.
const maxDatagram = 1600

// shard owns a part of the clients, and all that they hold. What is done to it is done under its lock, for a batch of packets by the goroutine of its
// pump, for a message of a stream by that stream's.
type shard struct {
	server *Server
	number int // in the server's list; locks of two are taken in this order
	pump   pump

	mu        sync.Mutex                     // guards the rest
	clients   map[netip.AddrPort]*allocation // of UDP clients
	due       due                            // all allocations
	relays    [2]*relay                      // where they have them together
	closed    bool
	ids       *rand.PCG
	counts    [transports]relayCount
	count     *relayCount   // of who is served just now …
	on        Transport     // … by this
	now       time.Duration // since the server's start
	nonces    nonces
	strangers budget
	spare     [2]int // bytes of the server's bandwidth, each way
	msg       message
	out       []byte              // the answer that is being written
	expected  map[sender]expected // clients that are on the move
	carried   int                 // messages that wait for the lock of another shard too
	with      *shard              // whose lock is held besides, or nil
}

// pump moves a shard's datagrams. It is called under the shard's lock, but for the first three, and keeps slices until flush.
type pump interface {
	run() // until stop, and until its goroutines have ended
	stop()
	closeSockets() // of a pump that does not run
	toClient(b []byte, to netip.AddrPort, local netip.Addr)
	toPeer(r *relay, b []byte, to netip.AddrPort)
	flush()
	open(r *relay, at netip.Addr, port int) (int, error) // binds a relay socket; port 0 is any
	watch(r *relay)                                      // from now on the shard gets what arrives there
	leave(r *relay)                                      // another pump watches it
	close(r *relay)
}

// sender is where a message came from.
type sender struct {
	at     netip.AddrPort
	stream *stream    // nil for a datagram
	local  netip.Addr // of this machine, to which it was sent; invalid where there is only one, or nobody knows
}

func newShard(s *Server) *shard {
	x := &shard{
		server: s, number: len(s.shards), clients: make(map[netip.AddrPort]*allocation), expected: make(map[sender]expected), ids: rand.NewPCG(rand.Uint64(), rand.Uint64()),
		nonces: newNonces(s.nonceKey), strangers: budget{key: rand.Uint64()},
	}
	x.serves(nil)
	return x
}

// serves says for whom what follows is counted: a client on a stream, or, with nil, one that comes over UDP.
func (s *shard) serves(client *stream) {
	s.on = UDP
	if client != nil {
		s.on = client.all.transport
	}
	s.count = &s.counts[s.on]
}

// lock begins a batch.
func (s *shard) lock() {
	s.mu.Lock()
	s.now = s.server.since()
}

// find is the allocation of a sender, or nil. Who was about to come from there has come.
func (s *shard) find(from sender) *allocation {
	if a := s.held(from); a != nil || s.server.tickets == nil {
		return a
	}
	return s.handOver(from)
}

// held is the allocation that a sender has by now, or nil.
func (s *shard) held(from sender) *allocation {
	if from.stream != nil {
		return from.stream.held
	}
	return s.clients[from.at]
}

// expire ends what has run out. Pumps call it about once a second.
func (s *shard) expire() {
	s.server.relays.sweep(s.now)
	s.server.tunnels.sweep(s.now)
	for len(s.due) > 0 && s.due[0].until <= s.now {
		s.end(s.due[0])
	}
	for from, e := range s.expected {
		if e.until <= s.now {
			delete(s.expected, from)
		}
	}
}

// enter makes an allocation this shard's.
func (s *shard) enter(a *allocation) {
	s.due.add(a)
	s.serves(a.stream)
	s.count.allocations++
	if a.stream != nil {
		a.stream.held = a
	} else {
		s.clients[a.client] = a
	}
}

// leave is the opposite.
func (s *shard) leave(a *allocation) {
	s.due.remove(a)
	s.serves(a.stream)
	s.count.allocations--
	if a.stream != nil {
		a.stream.held = nil
	} else {
		delete(s.clients, a.client)
	}
}

// end closes an allocation.
func (s *shard) end(a *allocation) {
	s.leave(a)
	if a.mobile != nil {
		s.immobile(a)
	}
	for i := range a.relays {
		s.endRelay(a, i)
	}
	s.server.ledger.release(a.user, a.home)
}

func (s *shard) endRelay(a *allocation, i int) {
	r := a.relays[i]
	switch {
	case a.tcp != nil:
		s.server.tunnels.endRelay(a, i)
	case r == nil:
	case r.all:
		s.server.relays.shared.drop(a)
	default:
		s.server.relays.inside.remove(r.told)
		s.pump.close(r)
		s.server.relays.release(r)
	}
	a.relays[i] = nil
}

// share opens the relay sockets that all allocations have together.
func (s *shard) share() error {
	relays := s.server.relays
	for i, told := range relays.shared.told {
		if !relays.shared.on || !relays.at[i].IsValid() {
			continue
		}
		r := &relay{told: told, all: true}
		if _, err := s.pump.open(r, relays.at[i], int(told.Port())); err != nil {
			return err
		}
		s.relays[i] = r
		s.pump.watch(r)
	}
	return nil
}

// shut ends all, and lets nothing begin.
func (s *shard) shut() {
	s.lock()
	defer s.mu.Unlock()
	s.closed = true
	for len(s.due) > 0 {
		s.end(s.due[0])
	}
	for _, r := range s.relays {
		if r != nil {
			s.pump.close(r)
		}
	}
}
