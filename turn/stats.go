package turn

import (
	"maps"
	"sync"
)

// Transport is how a client talks to the server. To peers all is UDP.
type Transport uint8

// The transports, in the order of Stats.By.
const (
	UDP Transport = iota
	TCP
	TLS
	DTLS
	transports
)

func (t Transport) String() string { return [transports]string{"udp", "tcp", "tls", "dtls"}[t] }

// Stats is what a Server has done and holds.
type Stats struct {
	Allocations int               // alive
	Reserved    int               // ports that wait for one (EVEN-PORT)
	Users       int               // that hold an allocation or a reserved port
	Refused     map[string]uint64 // peers refused, by reason
	Failed      map[string]uint64 // failed authentications, by reason

	ToClients, ToClientBytes uint64 // packets to clients, and their payload
	ToPeers, ToPeerBytes     uint64 // packets to peers
	Hairpin                  uint64 // of those to clients, straight from another client's relay
	Dropped                  uint64 // packets without a permission, a channel, room or sense
	Challenges               uint64 // 401 answers to requests without credentials
	Unanswered               uint64 // requests of strangers beyond what one address is answered
	OverAllocation, OverUser uint64 // packets beyond the bandwidth of an allocation, and of a user
	OverServer               uint64 // and beyond that of all
	Redirected               uint64 // requests for an allocation that were sent to another server
	Moved                    uint64 // allocations whose client came from another address

	// Relayed TCP connections: those that there are, bound or not, two for one between two clients; how many both sides bound; how many nobody came for; how
	// often one had to wait for bandwidth.
	Tunnels                        int
	Tunnelled, Abandoned, Held     uint64
	TunnelToClients, TunnelToPeers uint64 // bytes

	By [transports]TransportStats // the same, by Transport
}

// TransportStats is the part of the clients of one Transport. What belongs to no client, and what the kernel did not take, counts as UDP's.
type TransportStats struct {
	Allocations int               // alive
	Connections int               // open; of UDP none
	Failed      map[string]uint64 // failed authentications, by reason

	ToClients, ToClientBytes uint64
	ToPeers, ToPeerBytes     uint64
	Dropped                  uint64
	Challenges               uint64
}

// relayCount is what a shard did for the clients of one transport, payloads only.
type relayCount struct {
	allocations              int // alive
	toClients, toClientBytes uint64
	toPeers, toPeerBytes     uint64
	hairpin                  uint64 // of those to clients, from another relay without the kernel
	dropped                  uint64
	challenges               uint64
	unanswered               uint64
	limited                  [limits]uint64 // dropped for want of bandwidth
	redirected               uint64
	moved                    uint64
}

// add puts what a shard counted into the sums.
func (st *Stats) add(t Transport, c relayCount) {
	by := &st.By[t]
	by.Allocations += c.allocations
	by.ToClients += c.toClients
	by.ToClientBytes += c.toClientBytes
	by.ToPeers += c.toPeers
	by.ToPeerBytes += c.toPeerBytes
	by.Dropped += c.dropped
	by.Challenges += c.challenges

	st.ToClients += c.toClients
	st.ToClientBytes += c.toClientBytes
	st.ToPeers += c.toPeers
	st.ToPeerBytes += c.toPeerBytes
	st.Hairpin += c.hairpin
	st.Dropped += c.dropped
	st.Challenges += c.challenges
	st.Unanswered += c.unanswered
	st.OverAllocation += c.limited[limitAllocation]
	st.OverUser += c.limited[limitUser]
	st.OverServer += c.limited[limitServer]
	st.Redirected += c.redirected
	st.Moved += c.moved
}

// maxReasons bounds the reasons that are told apart.
const maxReasons = 32

// refusals counts by reason.
type refusals struct {
	mu sync.Mutex // guards by
	by map[string]uint64
}

func (r *refusals) count(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = make(map[string]uint64)
	}
	if _, known := r.by[reason]; !known && len(r.by) >= maxReasons {
		reason = reasonOther
	}
	r.by[reason]++
}

func (r *refusals) snapshot() map[string]uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.by)
}
