package turn_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// What is asked wrongly is refused with the code that RFC 8656 names.
func TestErrorCodes(t *testing.T) {
	s := mustListen(t, turn.Config{AllowPeers: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}})
	six := mustListen(t, turn.Config{PublicIP6: netip.IPv6Loopback()})
	ada := mustRaw(t, s, good("ada"))
	ada.must(stun.MethodAllocate, udp)
	ben, eve := mustRaw(t, s, good("ben")), *ada
	eve.who = good("eve")
	ada.must(stun.MethodChannelBind, channel(0x4001), peer("9.9.9.9:53"))
	eight := token(make([]byte, 8))
	for _, tt := range []struct {
		name   string
		who    *raw
		method stun.Method
		with   []stun.Setter
		want   int
	}{
		{"an allocation without a transport", ben, stun.MethodAllocate, nil, 400},
		{"a transport of two bytes", ben, stun.MethodAllocate, []stun.Setter{attribute{stun.AttrRequestedTransport, []byte{17, 0}}}, 400},
		{"TCP as transport", ben, stun.MethodAllocate, []stun.Setter{attribute{stun.AttrRequestedTransport, []byte{6, 0, 0, 0}}}, 442},
		{"DONT-FRAGMENT", ben, stun.MethodAllocate, []stun.Setter{udp, attribute{stun.AttrDontFragment, nil}}, 420},
		{"something required and unknown", ben, stun.MethodAllocate, []stun.Setter{udp, attribute{0x7001, nil}}, 420},
		{"IPv6 where there is none", ben, stun.MethodAllocate, []stun.Setter{udp, family(2)}, 440},
		{"a family that is none", ben, stun.MethodAllocate, []stun.Setter{udp, family(3)}, 440},
		{"IPv4 besides", mustRaw(t, six, good("ben")), stun.MethodAllocate, []stun.Setter{udp, additional(1)}, 400},
		{"one family and another", mustRaw(t, six, good("ben")), stun.MethodAllocate, []stun.Setter{udp, family(1), additional(2)}, 400},
		{"a pair of ports in two families", mustRaw(t, six, good("ben")), stun.MethodAllocate, []stun.Setter{udp, evenPort(0x80), additional(2)}, 400},
		{"a token and a wish for its port", ben, stun.MethodAllocate, []stun.Setter{udp, eight, evenPort(0)}, 400},
		{"a token and a family", ben, stun.MethodAllocate, []stun.Setter{udp, eight, family(1)}, 400},
		{"a token of nobody", ben, stun.MethodAllocate, []stun.Setter{udp, eight}, 508},
		{"a second allocation", ada, stun.MethodAllocate, []stun.Setter{udp}, 437},
		{"a second one of somebody else", &eve, stun.MethodAllocate, []stun.Setter{udp}, 437},
		{"a refresh of nothing", ben, stun.MethodRefresh, nil, 437},
		{"a permission for nothing", ben, stun.MethodCreatePermission, []stun.Setter{peer("9.9.9.9:1")}, 437},
		{"a channel for nothing", ben, stun.MethodChannelBind, []stun.Setter{channel(0x4001), peer("9.9.9.9:1")}, 437},
		{"a refresh of somebody else's", &eve, stun.MethodRefresh, nil, 441},
		{"a permission in somebody else's", &eve, stun.MethodCreatePermission, []stun.Setter{peer("9.9.9.9:1")}, 441},
		{"a refresh of another family", ada, stun.MethodRefresh, []stun.Setter{family(2)}, 443},
		{"a lifetime of three bytes", ada, stun.MethodRefresh, []stun.Setter{attribute{stun.AttrLifetime, []byte{1, 2, 3}}}, 400},
		{"a permission for nobody", ada, stun.MethodCreatePermission, nil, 400},
		{"a permission for a broken address", ada, stun.MethodCreatePermission, []stun.Setter{attribute{stun.AttrXORPeerAddress, []byte{0, 1, 2}}}, 400},
		{"a permission in another family", ada, stun.MethodCreatePermission, []stun.Setter{peer("[2620:fe::fe]:1")}, 443},
		{"a permission for the inside", ada, stun.MethodCreatePermission, []stun.Setter{peer("10.0.0.1:1")}, 403},
		{"one good peer and one bad", ada, stun.MethodCreatePermission, []stun.Setter{peer("9.9.9.10:1"), peer("127.0.0.1:1")}, 403},
		{"a channel below the range", ada, stun.MethodChannelBind, []stun.Setter{channel(0x3fff), peer("9.9.9.9:1")}, 400},
		{"a channel above it", ada, stun.MethodChannelBind, []stun.Setter{channel(0x8000), peer("9.9.9.9:1")}, 400},
		{"a channel without a peer", ada, stun.MethodChannelBind, []stun.Setter{channel(0x4002)}, 400},
		{"a peer without a channel", ada, stun.MethodChannelBind, []stun.Setter{peer("9.9.9.9:1")}, 400},
		{"a channel that another peer has", ada, stun.MethodChannelBind, []stun.Setter{channel(0x4001), peer("9.9.9.9:54")}, 400},
		{"a peer that has another channel", ada, stun.MethodChannelBind, []stun.Setter{channel(0x4002), peer("9.9.9.9:53")}, 400},
		{"a channel to the inside", ada, stun.MethodChannelBind, []stun.Setter{channel(0x4003), peer("169.254.169.254:80")}, 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.who.t = t
			m := tt.who.ask(tt.method, tt.with...)
			if code(m) != tt.want {
				t.Fatalf("%d, want %d", code(m), tt.want)
			}
			if err := stun.NewLongTermIntegrity(tt.who.who.username, "passerby", tt.who.who.password).Check(m); err != nil {
				t.Errorf("the refusal is not signed: %v", err)
			}
			if tt.want == 420 {
				last := tt.with[len(tt.with)-1].(attribute).kind
				if v, err := m.Get(stun.AttrUnknownAttributes); err != nil || len(v) != 2 || stun.AttrType(binary.BigEndian.Uint16(v)) != last {
					t.Errorf("it names %x, want %x", v, last)
				}
			}
		})
	}
}

// An integrity that is wrong, a request that says only half who it is from, and a nonce of nobody.
func TestChallengeCodes(t *testing.T) {
	s := mustListen(t, turn.Config{})
	c := mustRaw(t, s, good("ada"))
	m := c.challenge()
	if len(m.Raw) > 3*28 {
		t.Errorf("a stranger's 28 bytes are answered with %d", len(m.Raw))
	}
	sign := stun.NewLongTermIntegrity(c.who.username, "passerby", c.who.password)
	kind := stun.NewType(stun.MethodAllocate, stun.ClassRequest)
	for name, tt := range map[string]struct {
		request []stun.Setter
		want    int
	}{
		"no username":        {[]stun.Setter{udp, stun.NewRealm("passerby"), stun.NewNonce(c.nonce), sign}, 400},
		"no realm":           {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewNonce(c.nonce), sign}, 400},
		"no nonce":           {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewRealm("passerby"), sign}, 400},
		"a nonce of nobody":  {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewRealm("passerby"), stun.NewNonce(c.nonce[:len(c.nonce)-1] + "~"), sign}, 438},
		"another realm":      {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewRealm("elsewhere"), stun.NewNonce(c.nonce), sign}, 401},
		"another password":   {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewRealm("passerby"), stun.NewNonce(c.nonce), stun.NewLongTermIntegrity("x", "y", "z")}, 401},
		"a username of 400":  {[]stun.Setter{udp, stun.NewUsername("9999999999:" + string(bytes.Repeat([]byte("a"), 400))), stun.NewRealm("passerby"), stun.NewNonce(c.nonce), sign}, 401},
		"an access token":    {[]stun.Setter{udp, stun.NewUsername("kid"), stun.NewRealm("passerby"), stun.NewNonce(c.nonce), attribute{0x001B, make([]byte, 60)}, sign}, 401}, // RFC 7635
		"an offer not taken": {[]stun.Setter{udp, stun.NewUsername(c.who.username), stun.NewRealm("passerby"), stun.NewNonce(c.nonce), attribute{0x001D, []byte{0, 1, 0, 0}}, sign}, 400},
	} {
		t.Run(name, func(t *testing.T) {
			c.t = t
			if m := c.send(stun.MustBuild(append([]stun.Setter{stun.TransactionID, kind}, tt.request...)...).Raw); code(m) != tt.want {
				t.Errorf("%d, want %d", code(m), tt.want)
			}
		})
	}
	c.t = t
	c.must(stun.MethodAllocate, udp)
}

// A nonce is good for whom it was given, and for an hour.
func TestNonceIsBound(t *testing.T) {
	clock := newClock()
	s := mustListenAt(t, turn.Config{}, clock.now)
	ada, ben := mustRaw(t, s, good("ada")), mustRaw(t, s, good("ada"))
	ada.challenge()
	ben.nonce = ada.nonce
	if got := code(ben.ask(stun.MethodAllocate, udp)); got != 438 {
		t.Errorf("from another port: %d, want 438", got)
	}
	clock.pass(59 * time.Minute)
	ada.must(stun.MethodAllocate, udp)
	clock.pass(2 * time.Minute)
	if got := code(ada.ask(stun.MethodRefresh)); got != 438 {
		t.Errorf("after an hour: %d, want 438", got)
	}
}

// What is not renewed ends: a permission after five minutes, a channel and an allocation after ten, whatever its client asked for at first.
func TestLifetimes(t *testing.T) {
	far := mustPeer(t, "127.0.0.1:0")
	clock := newClock()
	s := mustListenAt(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{far}}, clock.now)
	for _, tt := range []struct {
		asked []stun.Setter
		want  int
	}{{nil, 600}, {[]stun.Setter{lifetime(60)}, 600}, {[]stun.Setter{lifetime(1200)}, 1200}, {[]stun.Setter{lifetime(1 << 31)}, 3600}} {
		c := mustRaw(t, s, good("ben"))
		if got := lifetimeOf(c.must(stun.MethodAllocate, append(tt.asked, udp)...)); got != 600 {
			t.Errorf("%v: an allocation of %d s, want 600", tt.asked, got)
		}
		if got := lifetimeOf(c.must(stun.MethodRefresh, tt.asked...)); got != tt.want {
			t.Errorf("%v: refreshed for %d s, want %d", tt.asked, got, tt.want)
		}
		if got := lifetimeOf(c.must(stun.MethodRefresh, lifetime(0))); got != 0 {
			t.Errorf("given back: %d", got)
		}
	}
	c := mustRaw(t, s, good("ada"))
	c.must(stun.MethodAllocate, udp)
	c.must(stun.MethodChannelBind, channel(0x4001), peerAddress(far))
	reaches := func() bool { // whether the one ping that is under way comes back
		before := s.Stats()
		if _, err := c.conn.Write(append([]byte{0x40, 1, 0, 4}, "ping"...)); err != nil {
			t.Fatal(err)
		}
		var now turn.Stats
		await(t, "the ping comes back or is dropped", func() bool {
			now = s.Stats()
			return now.ToClients > before.ToClients || now.Dropped > before.Dropped
		})
		return now.ToClients > before.ToClients
	}
	if !reaches() {
		t.Error("a fresh channel does not carry")
	}
	clock.pass(299 * time.Second)
	if !reaches() {
		t.Error("nothing comes back before five minutes have passed")
	}
	clock.pass(2 * time.Second)
	if reaches() {
		t.Error("the peer is heard without a permission")
	}
	c.must(stun.MethodCreatePermission, peerAddress(far))
	if !reaches() {
		t.Error("a renewed permission does not carry")
	}
	clock.pass(300 * time.Second)
	c.must(stun.MethodRefresh)
	c.must(stun.MethodCreatePermission, peerAddress(far))
	if reaches() {
		t.Error("the channel carries after ten minutes")
	}
	c.must(stun.MethodChannelBind, channel(0x4002), peerAddress(far)) // both are free again
	if s.Stats().Allocations != 1 {
		t.Errorf("%d allocations", s.Stats().Allocations)
	}
	clock.pass(601 * time.Second)
	await(t, "the allocation ends", func() bool { return s.Stats().Allocations == 0 })
	if got := code(c.ask(stun.MethodRefresh)); got != 437 {
		t.Errorf("a refresh after the end: %d, want 437", got)
	}
}

// An answer that got lost is given again, the same.
func TestSentAgain(t *testing.T) {
	s := mustListen(t, turn.Config{})
	c := mustRaw(t, s, good("ada"))
	b := c.request(stun.MethodAllocate, udp, evenPort(0x80))
	first, second := c.send(b), c.send(b)
	if code(first) != 0 || !bytes.Equal(first.Raw, second.Raw) {
		t.Errorf("first %v, then %v", first, second)
	}
	if n := s.Stats().Allocations; n != 1 {
		t.Errorf("%d allocations", n)
	}
}

// A pair of ports: the lower is even, the upper waits for its user.
func TestPairOfPorts(t *testing.T) {
	clock := newClock()
	for _, cfg := range []turn.Config{{}, {Plain: true}, {MinPort: 61000, MaxPort: 61100}} {
		s := mustListenAt(t, cfg, clock.now)
		reserve := func() (netip.AddrPort, []byte) {
			t.Helper()
			m := mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp, evenPort(0x80))
			v, err := m.Get(stun.AttrReservationToken)
			if err != nil || len(v) != 8 || relayed(m).Port()%2 != 0 {
				t.Fatalf("port %v, token %x (%v)", relayed(m), v, err)
			}
			return relayed(m), v
		}
		lower, key := reserve()
		if got := code(mustRaw(t, s, good("eve")).ask(stun.MethodAllocate, udp, token(key))); got != 508 {
			t.Errorf("another user with the token: %d, want 508", got)
		}
		c := mustRaw(t, s, good("ada"))
		if m := c.must(stun.MethodAllocate, udp, token(key)); relayed(m).Port() != lower.Port()+1 {
			t.Errorf("%v above %v", relayed(m), lower)
		}
		if got := code(mustRaw(t, s, good("ada")).ask(stun.MethodAllocate, udp, token(key))); got != 508 {
			t.Errorf("the token again: %d, want 508", got)
		}
		_, key = reserve()
		clock.pass(31 * time.Second)
		if got := code(mustRaw(t, s, good("ada")).ask(stun.MethodAllocate, udp, token(key))); got != 508 {
			t.Errorf("a token after its time: %d, want 508", got)
		}
		if m := mustRaw(t, s, good("ada")).must(stun.MethodAllocate, udp, evenPort(0)); relayed(m).Port()%2 != 0 {
			t.Errorf("an even port was asked for: %v", relayed(m))
		}
		reserve() // is left for the end of the server to close
	}
}

// echo sends an indication and returns what comes back.
func (r *raw) echo(to netip.AddrPort) string {
	buf := make([]byte, 2000)
	for range 5 {
		if _, err := r.conn.Write(sendIndication(peerAddress(to), attribute{stun.AttrData, []byte("hello")})); err != nil {
			r.t.Fatal(err)
		}
		_ = r.conn.SetReadDeadline(time.Now().Add(time.Second))
		n, err := r.conn.Read(buf)
		m := &stun.Message{Raw: buf[:n]}
		if err != nil || m.Decode() != nil {
			continue
		}
		if v, err := m.Get(stun.AttrData); err == nil {
			return string(v)
		}
	}
	return ""
}

// SHA-256 for the key and for the integrity, both ways; an offer that was cut on its way is noticed.
func TestSHA256(t *testing.T) {
	s := mustListen(t, turn.Config{})
	c := mustRaw(t, s, good("ada"))
	offer, err := c.challenge().Get(0x8002)
	if err != nil || !bytes.Equal(offer, []byte{0, 2, 0, 0, 0, 1, 0, 0}) || c.nonce[:13] != "obMatJos2AAAB" {
		t.Fatalf("offered %x (%v) with nonce %s", offer, err, c.nonce)
	}
	if b, _ := c.signed256(stun.MethodAllocate, []byte{0, 1, 0, 0}, udp); code(c.send(b)) != 400 {
		t.Error("an offer without SHA-256 was believed")
	}
	if b, _ := c.signed256(stun.MethodAllocate, nil, udp); code(c.send(b)) != 400 {
		t.Error("a choice without an offer was believed")
	}
	b, key := c.signed256(stun.MethodAllocate, offer, udp)
	broken := append([]byte(nil), b...)
	broken[len(broken)-1] ^= 1
	if got := code(c.send(broken)); got != 401 {
		t.Errorf("a wrong integrity: %d, want 401", got)
	}
	m := c.send(b)
	sum, err := m.Get(0x001C)
	if code(m) != 0 || err != nil {
		t.Fatalf("refused with %d, or not signed: %v", code(m), err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(m.Raw[:len(m.Raw)-36])
	if !hmac.Equal(sum, mac.Sum(nil)) {
		t.Error("the answer's integrity is wrong")
	}
}

// Former secrets are good while applications change over; what is made now is made with the first.
func TestSecretsRotate(t *testing.T) {
	s := mustListen(t, turn.Config{Accept: []string{"the secret of last month", "and of the month before"}})
	for _, x := range []string{secret, "the secret of last month", "and of the month before"} {
		u, p := turn.Credentials(x, "ada", time.Minute, time.Now())
		mustRaw(t, s, credentials{u, p}).must(stun.MethodAllocate, udp)
	}
	u, p := turn.Credentials("another secret", "ada", time.Minute, time.Now())
	if got := code(mustRaw(t, s, credentials{u, p}).ask(stun.MethodAllocate, udp)); got != 401 {
		t.Errorf("a secret of nobody: %d, want 401", got)
	}
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.at = c.at.Add(d) }

// mustListenAt is mustListen with a clock of lifetimes and nonces.
func mustListenAt(t testing.TB, cfg turn.Config, now func() time.Time) *turn.Server {
	t.Helper()
	cfg.Listen, cfg.Secret = "127.0.0.1:0", secret
	s, err := turn.ListenAt(cfg, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}
