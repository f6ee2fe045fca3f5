package turn_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// Two clients relayed by one server reach each other by the addresses that they are told, whatever transports they use, and
// also where the told address does not exist on this machine.
func TestRelayToRelay(t *testing.T) {
	for _, plain := range []bool{false, true} {
		for _, networks := range [][2]string{{"udp", "udp"}, {"udp", "tcp"}, {"tcp", "udp"}, {"tcp", "tcp"}} {
			t.Run(fmt.Sprint(networks, " plain ", plain), func(t *testing.T) {
				s := mustListen(t, turn.Config{Hairpin: true, Plain: plain, PublicIP: netip.MustParseAddr("203.0.113.7")})
				var relays [2]net.PacketConn
				for i, network := range networks {
					relay, err := mustDial(t, network, s, good("ada")).Allocate()
					if err != nil {
						t.Fatal(err)
					}
					defer relay.Close()
					relays[i] = relay
				}
				for i := range 30 { // indications, then channels
					if err := pass(relays[i%2], relays[1-i%2], fmt.Sprint("packet ", i)); err != nil {
						t.Fatalf("packet %d: %v", i, err)
					}
				}
				if st := s.Stats(); st.Hairpin < 25 {
					t.Errorf("%d packets went without the kernel", st.Hairpin)
				}
			})
		}
	}
}

// pass sends from one relay to another until it arrives; both have sent, so both have permissions.
func pass(from, to net.PacketConn, text string) error {
	buf := make([]byte, 2048)
	for try := range 5 {
		if _, err := to.WriteTo([]byte("open"), from.LocalAddr()); err != nil {
			return err
		}
		if _, err := from.WriteTo([]byte(text), to.LocalAddr()); err != nil {
			return err
		}
		if err := to.SetReadDeadline(time.Now().Add(time.Duration(try+1) * 200 * time.Millisecond)); err != nil {
			return err
		}
		for {
			n, sender, err := to.ReadFrom(buf)
			if err != nil {
				break
			}
			if string(buf[:n]) == text {
				if sender.String() != from.LocalAddr().String() {
					return fmt.Errorf("it seems to come from %v, not %v", sender, from.LocalAddr())
				}
				return nil
			}
		}
	}
	return errors.New("it did not arrive")
}

// Without Hairpin, and without a permission of the receiver, nothing goes from relay to relay.
func TestRelayToRelayNeedsPermission(t *testing.T) {
	s := mustListen(t, turn.Config{Hairpin: true, PublicIP: netip.MustParseAddr("203.0.113.7")})
	a, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := mustDial(t, "udp", s, good("ben")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	before := s.Stats().Dropped
	if _, err := a.WriteTo([]byte("unasked"), b.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	await(t, "the packet is dropped", func() bool { return runtime.GOOS != "linux" || s.Stats().Dropped > before })
	if err := b.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := b.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes arrived without a permission", n)
	}
	closed := mustListen(t, turn.Config{PublicIP: netip.MustParseAddr("203.0.113.7")})
	c, err := mustDial(t, "udp", closed, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.WriteTo([]byte("x"), c.LocalAddr()); err == nil {
		t.Error("without Hairpin a permission for the server itself was given")
	}
}

// Requests from outside reach nothing of ours through the relay: every spelling of the inside is refused to a client who may reach the Internet.
func TestRefusesTheInside(t *testing.T) {
	own := netip.MustParseAddr(ownIP(t))
	s := mustListen(t, turn.Config{
		AllowPeers: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"), netip.PrefixFrom(own, own.BitLen()-4)},
		DenyPeers:  []netip.Prefix{netip.MustParsePrefix("9.9.9.0/24")}, PublicIP6: netip.IPv6Loopback(), Quota: 100,
	})
	for _, plain := range []string{"udp", "tcp"} {
		c := mustDial(t, plain, s, good("ada"))
		relay, err := c.Allocate()
		if err != nil {
			t.Fatal(err)
		}
		defer relay.Close()
		for _, ip := range []string{
			"127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "192.0.0.1", "198.18.0.1",
			"224.0.0.1", "240.0.0.1", "255.255.255.255", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "9.9.9.9", own.String(),
		} {
			if err := c.CreatePermission(&net.UDPAddr{IP: net.ParseIP(ip), Port: 80}); err == nil {
				t.Errorf("%s: a permission for %s was given", plain, ip)
			}
		}
	}
	for _, ip := range []string{"::", "::1", "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "fd00::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1"} {
		if ok, _ := turn.Allowed(turn.Config{AllowPeers: []netip.Prefix{netip.MustParsePrefix("::/0"), netip.MustParsePrefix("0.0.0.0/0")}}, netip.AddrPortFrom(netip.MustParseAddr(ip), 80)); ok {
			t.Errorf("%s is allowed", ip)
		}
	}
}

// Datagrams of nonsense harm nobody: the call beside goes on, and they are counted.
func TestNonsense(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	relay := mustRelay(t, s)
	c, err := net.Dial("udp", s.UDPAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, b := range [][]byte{
		{}, {0}, {0x40}, {0x40, 0, 0xff, 0xff}, {0x40, 1, 0, 0}, {0x80, 1, 2, 3}, {0xff}, make([]byte, 19), make([]byte, 20), make([]byte, 1599), make([]byte, 9000),
		sendIndication(peerAddress(peer), attribute{stun.AttrData, []byte("without an allocation")}),
		{0, 3, 0xff, 0xfc, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		{0, 3, 0, 4, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0xff, 0xff},
	} {
		if _, err := c.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		if err := exchange(relay, peer, fmt.Sprint("packet ", i)); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "ten are counted", func() bool { return runtime.GOOS != "linux" || s.Stats().Dropped >= 10 })
}

// Whose address is claimed again and again is answered so often and no more; somebody else is served meanwhile.
func TestStrangersAreBounded(t *testing.T) {
	ip := ownIP(t)
	if runtime.GOOS != "linux" || ip == "127.0.0.1" {
		t.Skip("needs the data plane, and an address that is not loopback")
	}
	s := mustListen(t, turn.Config{Shards: 1})
	c, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip)}, s.UDPAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	request := stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw
	sent := uint64(0)
	await(t, "a thousand get no answer", func() bool {
		for range 500 {
			if _, err := c.Write(request); err == nil {
				sent++
			}
		}
		return s.Stats().Unanswered >= 1000 || sent > 1<<20
	})
	if s.Stats().Unanswered < 1000 {
		t.Errorf("all of %d requests were answered, or lost", sent)
	}
	relay, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatalf("somebody else: %v", err)
	}
	relay.Close()
}

// STUN only: an address to whoever asks, and nothing to who wants more.
func TestSTUNOnly(t *testing.T) {
	s := mustListen(t, turn.Config{STUNOnly: true})
	c := mustDial(t, "udp", s, good("ada"))
	seen, err := c.SendBindingRequestTo(s.UDPAddr())
	if err != nil || seen.String() != c.conn.LocalAddr().String() {
		t.Errorf("seen as %v (%v), want %v", seen, err, c.conn.LocalAddr())
	}
	if relay, err := c.Allocate(); err == nil {
		relay.Close()
		t.Error("it relays")
	}
}

// A user with a password logs in, a stranger with a guess does not.
func TestStaticUsers(t *testing.T) {
	s := mustListen(t, turn.Config{Users: map[string]string{"ada": "her password"}})
	relay, err := mustDial(t, "udp", s, credentials{"ada", "her password"}).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	if relay, err := mustDial(t, "udp", s, credentials{"ada", "a guess"}).Allocate(); err == nil {
		relay.Close()
		t.Error("a guess was right")
	}
}

// A draining server lets calls go on and takes no new ones.
func TestDrain(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	relay, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Drain(t.Context()) }()
	await(t, "no new allocations", func() bool {
		late, err := mustDial(t, "udp", s, good("ben")).Allocate()
		if err == nil {
			late.Close()
		}
		return err != nil && strings.Contains(err.Error(), "486")
	})
	if err := exchange(relay, peer, "still here"); err != nil {
		t.Error(err)
	}
	relay.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := mustListen(t, turn.Config{}).Drain(short); err != nil {
		t.Errorf("an empty server: %v", err)
	}
}
