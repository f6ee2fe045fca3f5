package turn_test

import (
	"net/netip"
	"testing"

	"passerby/turn"
)

func TestPolicy(t *testing.T) {
	sfu := turn.Config{AllowPeerAddrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7000"), netip.MustParseAddrPort("192.168.1.5:7000"), netip.MustParseAddrPort("[::ffff:203.0.113.9]:7000")}}
	internet := turn.Config{AllowPeers: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}}
	office := turn.Config{AllowPeers: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("::ffff:10.2.0.0/112")}}
	asked := turn.Config{
		AllowPeer:  func(p netip.AddrPort) (bool, string) { return p.Addr() == netip.MustParseAddr("127.0.0.1"), "not mine" },
		AllowPeers: []netip.Prefix{netip.MustParsePrefix("8.8.8.0/24")},
	}
	tests := []struct {
		name   string
		cfg    turn.Config
		peer   string
		reason string // "" = allowed
	}{
		{"the media server on loopback", sfu, "127.0.0.1:7000", ""},
		{"the same in IPv6 clothes", sfu, "[::ffff:127.0.0.1]:7000", ""},
		{"listed in IPv6 clothes", sfu, "203.0.113.9:7000", ""},
		{"any port of it, as permissions ask", sfu, "127.0.0.1:0", ""},
		{"another port of it", sfu, "127.0.0.1:22", "not allowed"},
		{"another loopback", sfu, "127.0.0.2:7000", "not allowed"},
		{"unspecified, which is loopback in disguise", sfu, "0.0.0.0:7000", "nobody's address"},
		{"the same in IPv6", sfu, "[::]:7000", "nobody's address"},
		{"loopback in IPv6", sfu, "[::1]:7000", "not allowed"},
		{"cloud metadata", sfu, "169.254.169.254:80", "not allowed"},
		{"nobody is allowed by default", turn.Config{}, "8.8.8.8:53", "not allowed"},

		{"the Internet", internet, "8.8.8.8:53", ""},
		{"the Internet in IPv6", internet, "[2606:4700::1111]:53", ""},
		{"not this machine", internet, "127.0.0.1:7000", "special address"},
		{"nor in IPv6", internet, "[::1]:7000", "special address"},
		{"nor mapped", internet, "[::ffff:127.0.0.1]:7000", "special address"},
		{"nor compatible", internet, "[::127.0.0.1]:7000", "special address"},
		{"nor the private networks", internet, "10.0.0.1:80", "special address"},
		{"nor 172.16", internet, "172.31.255.255:80", "special address"},
		{"nor 192.168", internet, "192.168.0.1:80", "special address"},
		{"nor the provider's", internet, "100.64.0.1:80", "special address"},
		{"nor the cloud's metadata", internet, "169.254.169.254:80", "special address"},
		{"nor in IPv6 either", internet, "[fd00:ec2::254]:80", "special address"},
		{"nor link-local", internet, "[fe80::1]:80", "special address"},
		{"nor through NAT64", internet, "[64:ff9b::7f00:1]:80", "special address"},
		{"nor through 6to4", internet, "[2002:7f00:1::]:80", "special address"},
		{"nor through Teredo", internet, "[2001:0:7f00:1::]:80", "special address"},
		{"nor 0.0.0.1", internet, "0.0.0.1:80", "special address"},
		{"multicast", internet, "224.0.0.1:80", "nobody's address"},
		{"multicast in IPv6", internet, "[ff02::1]:80", "nobody's address"},
		{"broadcast", internet, "255.255.255.255:80", "nobody's address"},

		{"a private network by its name", office, "10.1.2.3:80", ""},
		{"mapped prefix", office, "10.2.0.9:80", ""},
		{"its neighbour", office, "10.3.2.3:80", "not allowed"},

		{"asked first", asked, "127.0.0.1:9", ""},
		{"then the lists", asked, "8.8.8.8:53", ""},
		{"the asked one's reason", asked, "9.9.9.9:53", "not mine"},
		{"not asked about nobody", asked, "0.0.0.0:9", "nobody's address"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ok, reason := turn.Allowed(tt.cfg, netip.MustParseAddrPort(tt.peer))
			if ok != (tt.reason == "") || reason != tt.reason {
				t.Errorf("%s: %v %q, want %q", tt.peer, ok, reason, tt.reason)
			}
		})
	}
	if ok, _ := turn.Allowed(internet, netip.AddrPort{}); ok {
		t.Error("no address at all is allowed")
	}
}
