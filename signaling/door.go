package signaling

import "net/netip"

// door counts connections, so that no network can shut the others out: it may hold no more than half of all, and before
// hello, when a connection costs its owner nothing, no more than an eighth of a pool that is kept for those. It is not
// safe for concurrent use.
type door struct {
	all, pool   int // connections at most, and those before hello
	each, share int // the same for one network

	open, newcomers int // connections, and those before hello
	networks        map[netip.Prefix]guests
}

// guests are the connections of one network.
type guests struct{ open, newcomers int }

// newDoor leaves room for a connection of each session, and for some more that are on their way to replace one.
func newDoor(cfg Config) door {
	d := door{pool: cfg.MaxSessions/4 + 16, networks: map[netip.Prefix]guests{}}
	d.all = cfg.MaxSessions + d.pool
	d.each = min(cfg.PerNetwork, d.all/2)
	d.share = min(d.each, d.pool/8)
	return d
}

// knock counts one more newcomer if there is room: added, full or crowded. The zero network is not counted by itself.
func (d *door) knock(network netip.Prefix) outcome {
	g := d.networks[network]
	switch {
	case network.IsValid() && (g.open >= d.each || g.newcomers >= d.share):
		return crowded
	case d.open >= d.all || d.newcomers >= d.pool:
		return full
	}
	d.count(network, 1, 1)
	return added
}

func (d *door) greet(network netip.Prefix) { d.count(network, 0, -1) }

func (d *door) leave(network netip.Prefix, greeted bool) {
	if greeted {
		d.count(network, -1, 0)
		return
	}
	d.count(network, -1, -1)
}

func (d *door) count(network netip.Prefix, open, newcomers int) {
	d.open += open
	d.newcomers += newcomers
	if !network.IsValid() {
		return
	}
	g := d.networks[network]
	g.open += open
	g.newcomers += newcomers
	if g.open == 0 {
		delete(d.networks, network)
		return
	}
	d.networks[network] = g
}
