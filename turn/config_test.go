package turn_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

func TestConfigSaysAllThatIsWrong(t *testing.T) {
	_, err := turn.Listen(turn.Config{
		RelayIP: netip.MustParseAddr("::1"), PublicIP: netip.MustParseAddr("0.0.0.0"), MinPort: 9, MaxPort: 8, Quota: -1,
		AllowPeers: []netip.Prefix{{}},
	})
	for _, field := range []string{"Secret", "RelayIP", "PublicIP", "MinPort", "Quota", "AllowPeers"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	if err := (turn.Config{Secret: "x", Accept: []string{""}}).Validate(); err == nil { // everybody could make its credentials
		t.Error("an empty former secret is accepted")
	}
	if _, err := turn.Listen(turn.Config{Listen: "nonsense", Secret: "x"}); err == nil {
		t.Error("it listens on nonsense")
	}
}

// Clients are told the public address, while relays bind wherever they reach peers from.
func TestPublicIP(t *testing.T) {
	s := mustListen(t, turn.Config{PublicIP: netip.MustParseAddr("203.0.113.7")})
	relay, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	if got := relay.LocalAddr().String(); !strings.HasPrefix(got, "203.0.113.7:") {
		t.Errorf("the client was told %s", got)
	}
}

// One port for both transports, so that one rule in a firewall is enough.
func TestSamePort(t *testing.T) {
	s := mustListen(t, turn.Config{})
	udp, tcp := s.UDPAddr().String(), s.TCPAddr().String()
	if udp != tcp {
		t.Errorf("UDP on %s, TCP on %s", udp, tcp)
	}
}

// Without an address, clients come over both families: a call from an IPv6-only network starts too.
func TestBothFamilies(t *testing.T) {
	for _, plain := range []bool{false, true} {
		s, err := turn.Listen(turn.Config{Listen: ":0", Secret: secret, Plain: plain})
		if err != nil {
			t.Fatal(err)
		}
		_, port, err := net.SplitHostPort(s.UDPAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, ip := range []string{"127.0.0.1", "::1"} {
			for _, network := range []string{"udp", "tcp"} {
				c, err := net.Dial(network, net.JoinHostPort(ip, port))
				if err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, 200)
				_ = c.SetDeadline(time.Now().Add(5 * time.Second))
				if _, err := c.Write(stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw); err != nil {
					t.Fatal(err)
				}
				n, err := c.Read(answer)
				var seen stun.XORMappedAddress
				if m := (&stun.Message{Raw: answer[:n]}); err != nil || m.Decode() != nil || seen.GetFrom(m) != nil || seen.String() != c.LocalAddr().String() {
					t.Errorf("plain %v, %s to %s: seen as %v (%v)", plain, network, ip, seen, err)
				}
				_ = c.Close()
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
