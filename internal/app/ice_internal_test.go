package app

import (
	"net/netip"
	"testing"
)

// Browsers are told one address of each family that reaches this server from where they are.
func TestTURNHosts(t *testing.T) {
	for name, tt := range map[string]struct{ public, own, want []string }{
		"a laptop":                {nil, []string{"127.0.0.1", "::1"}, []string{"127.0.0.1", ""}},
		"at home":                 {nil, []string{"127.0.0.1", "192.168.1.7", "10.0.0.1", "fe80::1", "fd00::2"}, []string{"192.168.1.7", ""}},
		"a host with both":        {nil, []string{"198.51.100.7", "2001:db8::7"}, []string{"198.51.100.7", "2001:db8::7"}},
		"behind NAT":              {[]string{"198.51.100.7"}, []string{"10.0.0.1", "2001:db8::7"}, []string{"198.51.100.7", ""}},
		"both named":              {[]string{"2001:db8::7", "198.51.100.7"}, []string{"10.0.0.1"}, []string{"198.51.100.7", "2001:db8::7"}},
		"nothing but IPv6, named": {[]string{"2001:db8::7"}, []string{"10.0.0.1"}, []string{"", "2001:db8::7"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := newTURNHosts(parsed(tt.public), parsed(tt.own))
			want := parsed(tt.want)
			if got.v4 != want[0] || got.v6 != want[1] {
				t.Errorf("%v and %v, want %v", got.v4, got.v6, tt.want)
			}
		})
	}
}

func parsed(list []string) []netip.Addr {
	out := make([]netip.Addr, len(list))
	for i, s := range list {
		out[i], _ = netip.ParseAddr(s)
	}
	return out
}
