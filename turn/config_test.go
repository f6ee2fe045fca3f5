package turn_test

import (
	"net/netip"
	"strings"
	"testing"

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
