package turn_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

var (
	elsewhere  = netip.MustParseAddrPort("192.0.2.2:3478")
	elsewhere6 = netip.MustParseAddrPort("[2001:db8::2]:3479")
)

// alternateOf is the ALTERNATE-SERVER and ALTERNATE-DOMAIN of an answer.
func alternateOf(t testing.TB, m *stun.Message) (at netip.AddrPort, domain string) {
	t.Helper()
	v, err := m.Get(0x8023)
	if err != nil || len(v) != 8 && len(v) != 20 || int(v[1]) != len(v)/12+1 {
		t.Fatalf("ALTERNATE-SERVER %x (%v)", v, err)
	}
	ip, _ := netip.AddrFromSlice(v[4:])
	if name, err := m.Get(0x8003); err == nil {
		domain = string(name)
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(v[2:])), domain
}

// drain makes a server take no new clients.
func drain(t testing.TB, s *turn.Server) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.Drain(ctx)
}

// A draining server sends who has logged in to another one, in the family of the client's address, and lets go on who is there.
func TestAlternateWhileDraining(t *testing.T) {
	cert, key := mustCertificate(t, t.TempDir(), "here")
	s := mustListen(t, turn.Config{
		Alternates: []netip.AddrPort{elsewhere}, TLSListen: "127.0.0.1:0", TLSCert: cert, TLSKey: key,
		TLSAlternates: []turn.Alternate{{At: elsewhere6}, {At: netip.MustParseAddrPort("192.0.2.2:5349"), Domain: "turn2.example.org"}},
	})
	old := mustRaw(t, s, good("ada"))
	old.must(stun.MethodAllocate, udp)
	drain(t, s)
	for _, network := range []string{"udp", "tcp"} {
		c := mustRawOver(t, network, s, good("ben"))
		if m := c.challenge(); m.Contains(0x8023) {
			t.Error("a stranger is told of the other server")
		}
		m := c.ask(stun.MethodAllocate, udp)
		at, domain := alternateOf(t, m)
		if code(m) != 300 || at != elsewhere || domain != "" {
			t.Errorf("%s: %d, to %v %q", network, code(m), at, domain)
		}
		if err := stun.NewLongTermIntegrity(c.who.username, "passerby", c.who.password).Check(m); err != nil {
			t.Errorf("the redirection is not signed: %v", err)
		}
	}
	secure, err := tls.Dial("tcp", s.TLSAddr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	m := (&raw{t: t, conn: secure, who: good("ben")}).ask(stun.MethodAllocate, udp)
	if at, domain := alternateOf(t, m); code(m) != 300 || at.Port() != 5349 || domain != "turn2.example.org" {
		t.Errorf("TLS: %d, to %v %q", code(m), at, domain)
	}
	old.must(stun.MethodRefresh)
	if n := s.Stats().Redirected; n != 3 {
		t.Errorf("%d were sent away", n)
	}
}

// No other server in the client's family, or over its transport: the refusal stays what it was.
func TestAlternateOfAnotherFamily(t *testing.T) {
	s := mustListen(t, turn.Config{Alternates: []netip.AddrPort{elsewhere6}, TLSAlternates: []turn.Alternate{{At: elsewhere}, {At: elsewhere6}}})
	drain(t, s)
	if m := mustRaw(t, s, good("ada")).ask(stun.MethodAllocate, udp); code(m) != 486 || m.Contains(0x8023) {
		t.Errorf("%v", m)
	}
	six := turn.Config{Listen: "[::1]:0", Secret: secret, Alternates: []netip.AddrPort{elsewhere, elsewhere6}}
	x, err := turn.Listen(six)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	drain(t, x)
	if at, _ := alternateOf(t, mustRawFrom(t, x, good("ada"), "[::1]:0").ask(stun.MethodAllocate, udp)); at != elsewhere6 {
		t.Errorf("over IPv6 to %v", at)
	}
}

// A full server sends away; whose own share is used up is refused. A client that comes back again and again, as from a ring of full servers, is refused in the
// end, until five minutes have passed.
func TestAlternateWhenFull(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{Alternates: []netip.AddrPort{elsewhere}, MaxAllocations: 2, Quota: 2, MinPort: 61200, MaxPort: 61201}, clock.now)
	ada := mustRaw(t, s, good("ada"))
	ada.must(stun.MethodAllocate, udp)
	ben := mustRaw(t, s, good("ben"))
	ben.must(stun.MethodAllocate, udp)
	for round := range 2 {
		for i, want := range []int{300, 300, 508, 508} {
			if got := code(mustRaw(t, s, good("eve")).ask(stun.MethodAllocate, udp)); got != want {
				t.Errorf("round %d, time %d: %d, want %d", round, i, got, want)
			}
		}
		if got := code(mustRaw(t, s, good("somebody")).ask(stun.MethodAllocate, udp)); round == 0 && got != 300 {
			t.Errorf("somebody else: %d", got)
		}
		ada.must(stun.MethodRefresh)
		ben.must(stun.MethodRefresh)
		clock.pass(5*time.Minute + time.Second)
	}
	ben.must(stun.MethodRefresh, lifetime(0))
	mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp)
	if got := code(mustRaw(t, s, good("ada")).ask(stun.MethodAllocate, udp)); got != 486 {
		t.Errorf("over the quota: %d, want 486", got)
	}
}

// A server that is on its own list does not start.
func TestAlternateIsAnother(t *testing.T) {
	for name, cfg := range map[string]turn.Config{
		"itself":    {Listen: "127.0.0.1:3478", PublicIP: elsewhere.Addr(), Alternates: []netip.AddrPort{elsewhere}},
		"no port":   {Alternates: []netip.AddrPort{netip.AddrPortFrom(elsewhere.Addr(), 0)}},
		"nobody":    {Alternates: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:3478")}},
		"long name": {TLSAlternates: []turn.Alternate{{At: elsewhere, Domain: strings.Repeat("a", 256)}}},
	} {
		cfg.Secret = secret
		if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "alternate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
