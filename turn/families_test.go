package turn_test

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// families says which relays an answer tells of, and what it says of those that there are not: family and code.
func families(m *stun.Message) (four, six bool, lacks string) {
	for _, a := range m.Attributes {
		switch a.Type {
		case stun.AttrXORRelayedAddress:
			four, six = four || a.Value[1] == 1, six || a.Value[1] == 2
		case 0x8001:
			lacks += fmt.Sprint(a.Value[0], " ", int(a.Value[2])*100+int(a.Value[3]))
		}
	}
	return four, six, lacks
}

// One allocation with a relay of each family: both have permissions, both live by one refresh, and each may be given up alone.
func TestBothFamiliesOfRelays(t *testing.T) {
	four, six := mustPeer(t, "127.0.0.1:0"), mustPeer(t, "[::1]:0")
	for name, cfg := range map[string]turn.Config{"batched": {}, "plain": {Plain: true}, "single port": {SinglePort: 1, Shards: 2}} {
		for _, with := range []attribute{additional(2), additionalDraft(2)} {
			t.Run(fmt.Sprintf("%s %v", name, with.kind), func(t *testing.T) {
				t.Parallel() // each waits for the second in which what has run out is looked for
				cfg, clock := cfg, newClock()
				cfg.AllowPeerAddrs, cfg.PublicIP6 = []netip.AddrPort{four, six}, netip.IPv6Loopback()
				if cfg.SinglePort != 0 {
					cfg.SinglePort = freePort(t)
				}
				s := mustListenAt(t, cfg, clock.now)
				c := mustRaw(t, s, good("ada"))
				both := func() {
					t.Helper()
					if four, six, lacks := families(c.must(stun.MethodAllocate, udp, with)); !four || !six || lacks != "" {
						t.Fatalf("IPv4 %v, IPv6 %v, lacks %q", four, six, lacks)
					}
				}
				both()
				clock.pass(9 * time.Minute)
				c.must(stun.MethodRefresh)
				clock.pass(9 * time.Minute)
				c.must(stun.MethodCreatePermission, peerAddress(four), peerAddress(six))
				for _, to := range []netip.AddrPort{four, six} {
					if got := c.echo(to); got != "echo hello" {
						t.Errorf("%v: %q", to, got)
					}
				}
				c.must(stun.MethodRefresh, family(2), lifetime(0)) // gives one of them up
				if got := code(c.ask(stun.MethodCreatePermission, peerAddress(six))); got != 443 {
					t.Errorf("IPv6 after its end: %d, want 443", got)
				}
				if got := c.echo(four); got != "echo hello" {
					t.Errorf("IPv4 after the end of IPv6: %q", got)
				}
				c.must(stun.MethodRefresh, family(1), lifetime(0))
				if n := s.Stats().Allocations; n != 0 {
					t.Errorf("%d allocations after both were given up", n)
				}
				both()
				clock.pass(11 * time.Minute)
				await(t, "both run out", func() bool { return s.Stats().Allocations == 0 })
			})
		}
	}
}

// Who asks for two relays gets the one that there is, and a word about the other.
func TestOneFamilyOfTwo(t *testing.T) {
	taken := func(addr string) uint16 {
		c, err := net.ListenPacket("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	}
	for _, tt := range []struct {
		name  string
		six   bool
		port  uint16
		lacks string
	}{{"no IPv6 here", false, 0, "2 440"}, {"no port of IPv6", true, taken("[::1]:0"), "2 508"}, {"no port of IPv4", true, taken("127.0.0.1:0"), "1 508"}} {
		cfg := turn.Config{MinPort: tt.port, MaxPort: tt.port, RelayIP: netip.MustParseAddr("127.0.0.1"), Quota: 1}
		if tt.six {
			cfg.PublicIP6 = netip.IPv6Loopback()
		}
		s := mustListen(t, cfg)
		m := mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp, additional(2))
		if four, six, lacks := families(m); lacks != tt.lacks || four == six || four != (tt.lacks[0] == '2') {
			t.Errorf("%s: IPv4 %v, IPv6 %v, lacks %q", tt.name, four, six, lacks)
		}
		if tt.port != 0 {
			if got := code(mustRaw(t, s, good("ben")).ask(stun.MethodAllocate, udp, additional(2))); got != 508 {
				t.Errorf("%s, nor of the other: %d, want 508", tt.name, got)
			}
		}
	}
}
