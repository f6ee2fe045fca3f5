package congestion

const (
	burst    = 5_000   // µs: packets sent within this are one group
	maxGroup = 100_000 // µs: a group takes no longer to arrive
	overhead = 28      // bytes of IPv4 and UDP
)

// groups compares the times between groups of packets as sent with those as received: of packets sent together only the
// last one shows the delay of all.
type groups struct {
	last, present group
}

type group struct {
	first, sent    int64 // µs, when its first and last were sent
	begun, arrived int64 // µs, when its first and last arrived
	used           bool
}

// packet takes an arrival, in the order of sending. ok comes with the times between the last two whole groups.
func (g *groups) packet(sent, arrived int64) (sentDelta, arrivedDelta int64, ok bool) {
	p := &g.present
	switch {
	case !p.used:
		*p = group{first: sent, sent: sent, begun: arrived, arrived: arrived, used: true}
		return 0, 0, false
	case sent < p.first:
		return 0, 0, false // late
	case p.takes(sent, arrived):
		p.sent = max(p.sent, sent)
		p.arrived = max(p.arrived, arrived)
		return 0, 0, false
	}
	if g.last.used {
		sentDelta, arrivedDelta = p.sent-g.last.sent, p.arrived-g.last.arrived
		ok = arrivedDelta >= 0
		if arrivedDelta > 3_000_000 || arrivedDelta < -100_000 { // the clock was set, or much was lost
			ok = false
		}
	}
	g.last = *p
	*p = group{first: sent, sent: sent, begun: arrived, arrived: arrived, used: true}
	return sentDelta, arrivedDelta, ok
}

func (p *group) takes(sent, arrived int64) bool {
	if sent-p.first <= burst {
		return true
	}
	// Packets that had to wait somewhere and came out together.
	gap := arrived - p.arrived
	return gap <= burst && gap < sent-p.sent && arrived-p.begun < maxGroup
}
