package turn

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// Who asks for an allocation without credentials, from whatever address he claims, leaves nothing behind: no state and no memory.
func TestSpoofedAllocatesLeaveNothing(t *testing.T) {
	s, err := listen(Config{Listen: "127.0.0.1:0", Secret: "a secret of some length"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	x := newShard(s)
	x.lock()
	defer x.mu.Unlock()
	request := append(appendHead(nil, typeAllocate, newID()), 0, byte(attrRequestedTransport), 0, 4, protocolUDP, 0, 0, 0)
	binary.BigEndian.PutUint16(request[2:], 8)
	claimed := netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 51, 100, 0}), 5000)
	answered := 0
	for range 10_000 { // more than there are counters of addresses
		claimed = netip.AddrPortFrom(claimed.Addr().Next(), 5000)
		if len(x.answer(request, sender{at: claimed})) > 0 {
			answered++
		}
	}
	if n := testing.AllocsPerRun(1000, func() {
		claimed = netip.AddrPortFrom(claimed.Addr().Next(), 5000)
		x.answer(request, sender{at: claimed})
	}); n != 0 {
		t.Errorf("%v heap allocations for each", n)
	}
	if answered == 0 || len(x.clients)+len(x.due)+len(x.expected) != 0 || x.count.challenges == 0 {
		t.Errorf("%d answers; %d clients are remembered", answered, len(x.clients))
	}
	if all, users := s.ledger.count(); all+users != 0 {
		t.Errorf("the ledger holds %d allocations of %d users", all, users)
	}
}
