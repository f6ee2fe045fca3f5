package turn

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// AllocsPerRelayed drives a shard's round by hand with packets of a made-up client, to a peer and to its own relay, and with
// packets of the peer, and returns the allocations for each.
func AllocsPerRelayed(t *testing.T, s *Server, conn *net.UDPConn) float64 {
	peer := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	// A shard of its own, on a socket of its own, that no goroutine runs.
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	listener, v6, err := udpSocket(netip.AddrPortFrom(loopback, 0), false)
	if err != nil {
		t.Fatal(err)
	}
	sh := newShard(s)
	sh.lock()
	p, err := newBatched(sh, listener, v6)
	if err != nil {
		t.Fatal(err)
	}
	sh.pump = p
	defer p.closeSockets()
	r, _, err := s.relays.open(p, family4, false, false)
	if err != nil {
		t.Fatal(err)
	}
	sender, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	a := &allocation{client: sender.LocalAddr().(*net.UDPAddr).AddrPort(), relays: [2]*relay{r}}
	r.a = a
	s.relays.inside.add(r.told, a)
	defer s.relays.inside.remove(r.told)
	p.watch(r)
	defer r.shut()
	sh.clients[a.client] = a
	later := sh.now + time.Hour
	a.peers.Store(&peers{
		hosts:    []host{{peer.Addr(), later}, {r.told.Addr(), later}},
		channels: []channel{{peer: peer, number: 0x4001, open: true, until: later}, {peer: r.told, number: 0x4002, until: later}},
	})
	sh.mu.Unlock()
	in, relay := netip.AddrPortFrom(loopback, uint16(portOf(listener))), netip.AddrPortFrom(loopback, r.told.Port())
	packets := [][]byte{append([]byte{0x40, 1, 0, 4}, "peer"...), append([]byte{0x40, 2, 0, 4}, "self"...), sendTo(peer, "indication..")}
	events := make([]unix.EpollEvent, 8)
	moved := 0
	round := func() {
		for range 4 {
			for _, b := range packets {
				if _, err := sender.WriteToUDPAddrPort(b, in); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := conn.WriteToUDPAddrPort(packets[0], relay); err != nil {
				t.Fatal(err)
			}
		}
		for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); {
			n, _ := unix.EpollWait(p.epoll, events, 5)
			if n <= 0 {
				break
			}
			m, _ := p.round(events[:n])
			moved += m
		}
	}
	round() // warm
	moved = 0
	const runs = 20
	n := testing.AllocsPerRun(runs, round)
	if moved < 16*runs {
		t.Fatalf("only %d packets moved", moved)
	}
	return n / 16
}

// sendTo is a Send indication.
func sendTo(peer netip.AddrPort, payload string) []byte {
	b := make([]byte, dataHeader4, dataHeader4+len(payload))
	putData(b, peer, len(payload), [12]byte{})
	b[1] = typeSend
	return append(b, payload...)
}
