package caller_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"passerby/internal/caller"
)

func prefixes(s string) caller.Proxies {
	var p caller.Proxies
	for part := range strings.FieldsSeq(s) {
		p = append(p, netip.MustParsePrefix(part))
	}
	return p
}

func request(remote string, forwarded ...string) *http.Request {
	r := &http.Request{RemoteAddr: remote, Header: http.Header{}}
	for _, line := range forwarded {
		r.Header.Add("X-Forwarded-For", line)
	}
	return r
}

func TestNetwork(t *testing.T) {
	const ours = "127.0.0.0/8 10.0.0.0/8 2001:db8:1::/48"
	for _, tt := range []struct {
		name, trusted, remote string
		forwarded             []string
		want                  string // "" is the operator
	}{
		{"no proxy", ours, "203.0.113.7:1", nil, "203.0.113.7/32"},
		{"no proxy, IPv6", ours, "[2001:db8:2::7]:1", nil, "2001:db8:2::/64"},
		{"IPv4 in IPv6", ours, "[::ffff:203.0.113.7]:1", nil, "203.0.113.7/32"},
		{"this machine", ours, "127.0.0.1:1", nil, ""},
		{"this machine, IPv6", "", "[::1]:1", nil, ""},
		{"link-local with a zone", "", "[fe80::1%eth0]:1", nil, "fe80::/64"},
		{"not an address", ours, "@", nil, "::/64"},

		{"by a proxy", ours, "127.0.0.1:1", []string{"203.0.113.7"}, "203.0.113.7/32"},
		{"by a proxy, IPv6", ours, "[2001:db8:1::1]:1", []string{"2001:db8:2::7"}, "2001:db8:2::/64"},
		{"by a proxy, IPv4 in IPv6", ours, "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.7"}, "203.0.113.7/32"},
		{"by two", ours, "127.0.0.1:1", []string{"203.0.113.7, 10.0.0.1"}, "203.0.113.7/32"},
		{"by two, two lines", ours, "127.0.0.1:1", []string{"203.0.113.7", "10.0.0.1"}, "203.0.113.7/32"},
		{"made up on the left", ours, "127.0.0.1:1", []string{"127.0.0.1", "192.0.2.1, 203.0.113.7,\t10.0.0.1 "}, "203.0.113.7/32"},
		{"made up, no proxy", ours, "203.0.113.7:1", []string{"127.0.0.1"}, "203.0.113.7/32"},
		{"made up, nobody trusted", "", "203.0.113.7:1", []string{"192.0.2.1"}, "203.0.113.7/32"},
		{"a proxy nobody named", "", "127.0.0.1:1", []string{"203.0.113.7"}, "127.0.0.1/32"},
		{"a proxy's own request", ours, "10.0.0.1:1", nil, "10.0.0.1/32"},
		{"all trusted", ours, "127.0.0.1:1", []string{"10.0.0.2, 10.0.0.1"}, "10.0.0.2/32"},
		{"the machine through its own proxy", ours, "127.0.0.1:1", []string{"127.0.0.1"}, "127.0.0.1/32"},

		{"with a port", ours, "127.0.0.1:1", []string{"203.0.113.7:4711"}, "203.0.113.7/32"},
		{"in brackets", ours, "127.0.0.1:1", []string{"[2001:db8:2::7]"}, "2001:db8:2::/64"},
		{"in brackets with a port", ours, "127.0.0.1:1", []string{"[2001:db8:2::7]:4711"}, "2001:db8:2::/64"},
		{"with a zone", ours, "127.0.0.1:1", []string{"fe80::1%eth0"}, "127.0.0.1/32"},
		{"with a zone and a port", ours, "10.0.0.1:1", []string{"[fe80::1%eth0]:1"}, "10.0.0.1/32"},
		{"with a port that is none", ours, "127.0.0.1:1", []string{"203.0.113.7:99999"}, "127.0.0.1/32"},
		{"IPv4 in brackets", ours, "127.0.0.1:1", []string{"[203.0.113.7]"}, "127.0.0.1/32"},
		{"a name", ours, "127.0.0.1:1", []string{"unknown"}, "127.0.0.1/32"},
		{"leading zeros", ours, "127.0.0.1:1", []string{"203.0.113.007"}, "127.0.0.1/32"},
		{"empty", ours, "127.0.0.1:1", []string{""}, "127.0.0.1/32"},
		{"an empty entry", ours, "127.0.0.1:1", []string{"203.0.113.7, , 10.0.0.1"}, "10.0.0.1/32"},
		{"nonsense behind a proxy", ours, "127.0.0.1:1", []string{"203.0.113.7, <b>, 10.0.0.1"}, "10.0.0.1/32"},
		{"huge", ours, "127.0.0.1:1", []string{strings.Repeat("127.0.0.1,", 100_000) + "203.0.113.7"}, "203.0.113.7/32"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := prefixes(tt.trusted).Network(request(tt.remote, tt.forwarded...))
			if want, _ := netip.ParsePrefix(tt.want); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestUnnamed(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    *http.Request
		want bool
	}{
		{"a proxy of this machine", request("127.0.0.1:1", "203.0.113.7"), true},
		{"a proxy nearby", request("192.168.0.1:1", "203.0.113.7"), true},
		{"a named proxy", request("10.0.0.1:1", "203.0.113.7"), false},
		{"no proxy", request("127.0.0.1:1"), false},
		{"the Internet", request("203.0.113.7:1", "192.0.2.1"), false},
		{"only X-Real-IP", &http.Request{RemoteAddr: "127.0.0.1:1", Header: http.Header{"X-Real-Ip": {"203.0.113.7"}}}, true},
	} {
		if got := prefixes("10.0.0.0/8").Unnamed(tt.r); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// Whatever a client writes, whoever calls directly counts as himself, and behind a proxy only what the proxy wrote last counts.
func FuzzNetwork(f *testing.F) {
	for _, s := range []string{"", "203.0.113.7", "[2001:db8::1%25eth0]:80", ",,,", "127.0.0.1, 10.0.0.1", "::ffff:127.0.0.1", "[[::1]]", "unknown, _hidden", "1.2.3.4:"} {
		f.Add(s)
	}
	ours := prefixes("127.0.0.0/8 10.0.0.0/8 ::1/128")
	f.Fuzz(func(t *testing.T, header string) {
		if got := ours.Network(request("203.0.113.7:1", header)); got.String() != "203.0.113.7/32" {
			t.Errorf("%q made a direct caller %v", header, got)
		}
		if got := ours.Network(request("127.0.0.1:1", header, "203.0.113.7")); got.String() != "203.0.113.7/32" {
			t.Errorf("%q on the left made the client %v", header, got)
		}
		got := ours.Network(request("127.0.0.1:1", header))
		if !got.IsValid() || got != got.Masked() || (got.Addr().Is4() && got.Bits() != 32) || (got.Addr().Is6() && got.Bits() != 64) || got.Addr().Is4In6() {
			t.Errorf("%q gives %v", header, got)
		}
	})
}
