package app

import (
	"context"
	"sync"
	"time"

	"passerby/sfu/link"
)

// A link to another node that is down, or slower than slowLink, for downFor looks is one over which nobody sees anybody; that is said
// again each sayEvery looks. A node that has died is told of sooner, by its missing sign of life.
const (
	lookAtLinks = time.Second
	slowLink    = time.Second
	downFor     = 4
	sayEvery    = 5
)

// neighbours is where the other nodes' links are, and how long each has been of no use. Safe for concurrent use.
type neighbours struct {
	own string

	mu    sync.Mutex // guards what follows
	addrs map[string]string
	bad   map[string]int // looks in a row
}

func (n *neighbours) learn(addrs map[string]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.addrs = addrs
}

// look answers the nodes whose people should go elsewhere to be seen from here.
func (n *neighbours) look(links []link.Stats) (estranged []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	bad := map[string]int{}
	for node := range n.addrs {
		if node != n.own {
			bad[node] = n.bad[node] + 1
		}
	}
	for _, l := range links {
		if l.RTT < slowLink {
			delete(bad, l.Node)
		}
	}
	for node, looks := range bad {
		if looks >= downFor && (looks-downFor)%sayEvery == 0 {
			estranged = append(estranged, node)
		}
	}
	n.bad = bad
	return estranged
}

// tendLinks has people go elsewhere who do not see each other, until ctx is over.
func (s *Server) tendLinks(ctx context.Context) error {
	tick := time.NewTicker(lookAtLinks)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			for _, node := range s.neighbours.look(s.sfu.Links()) {
				s.log.Warn("no media passes to another node: people who should see somebody there are asked to go elsewhere; check that UDP passes between the nodes (--link)", "other", node)
				s.hub.Estranged(node)
			}
		}
	}
}
