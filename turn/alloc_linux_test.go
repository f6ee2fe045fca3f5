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
	p, peer := s.fast, conn.LocalAddr().(*net.UDPAddr).AddrPort()
	fd, err := relaySocket(netip.MustParseAddr("127.0.0.1"), 0, Config{})
	if err != nil {
		t.Fatal(err)
	}
	// A shard of its own, on a socket of its own, that no goroutine runs.
	listener, v6, err := udpSocket(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, false)
	if err != nil {
		t.Fatal(err)
	}
	sh, err := newShard(p, listener, v6)
	if err != nil {
		t.Fatal(err)
	}
	defer sh.closeSockets()
	told := netip.AddrPortFrom(s.cfg.PublicIP, uint16(portOf(fd)))
	sender, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer sender.Close()
	a := &allocation{client: sender.LocalAddr().(*net.UDPAddr).AddrPort(), told: told, fd: fd, shard: sh, done: make(chan struct{})}
	p.all.inside.add(told, a)
	defer func() { p.all.inside.remove(told); sh.remove(a) }()
	sh.add(a)
	a.change(func(t *peers) {
		t.hosts = []netip.Addr{peer.Addr(), told.Addr()}
		t.channels = []channel{{peer: peer, number: 0x4001, open: true}, {peer: told, number: 0x4002}}
	})
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	in, relay := netip.AddrPortFrom(loopback, uint16(portOf(listener))), netip.AddrPortFrom(loopback, uint16(portOf(fd)))
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
			n, _ := unix.EpollWait(sh.epoll, events, 5)
			if n <= 0 {
				break
			}
			m, _ := sh.round(events[:n])
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
