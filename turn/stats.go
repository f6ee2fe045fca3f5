package turn

import (
	"maps"
	"sync"
)

// Stats is what a Server has done and holds.
type Stats struct {
	Allocations int               // alive
	Users       int               // that hold one
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
}

// relayCount is what a shard moved, payloads only.
type relayCount struct {
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
