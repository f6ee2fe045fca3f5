package signaling

import (
	"context"
	"time"
)

// checks is how often in the time between two pings a connection is looked at for its silence.
const checks = 4

// beat is the one loop behind all leases, pings and silences, until ctx is over: each
// tick visits one slot of the registry, so that the work is spread over the period.
func (h *Hub) beat(ctx context.Context) {
	lease := time.NewTicker(max(h.cfg.Heartbeat/slots, time.Millisecond))
	defer lease.Stop()
	ping := time.NewTicker(max(h.cfg.Ping/slots, time.Millisecond))
	defer ping.Stop()
	for leases, pings := 0, 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-lease.C:
			for _, s := range h.registry.slotSessions(leases % slots) {
				s.tick()
			}
			leases++
		case <-ping.C:
			for _, c := range h.registry.slotConns(pings % slots) {
				c.outbox.ping()
			}
			for i := range checks {
				now := time.Now()
				for _, c := range h.registry.slotConns((pings + i*slots/checks) % slots) {
					c.socket.check(now)
				}
			}
			pings++
		}
	}
}
