package turn_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"passerby/turn"
)

// Who cannot show good credentials gets nothing, and the count says why.
func TestRefusesStrangers(t *testing.T) {
	now := time.Now()
	expiredName, expiredPass := turn.Credentials(secret, "ada", -time.Second, now)
	otherName, otherPass := turn.Credentials("another secret", "ada", time.Hour, now)
	goodName, goodPass := turn.Credentials(secret, "ada", time.Hour, now)
	tests := []struct {
		name, username, password, reason string
	}{
		{"expired", expiredName, expiredPass, "expired"},
		{"another secret", otherName, otherPass, "wrong password"},
		{"no password", goodName, "x", "wrong password"},
		{"another name with that password", goodName + "m", goodPass, "wrong password"},
		{"no expiry", "ada", goodPass, "malformed username"},
	}
	for _, network := range []string{"udp", "tcp"} {
		for _, tt := range tests {
			t.Run(network+" "+tt.name, func(t *testing.T) {
				s := mustListen(t, turn.Config{})
				if relay, err := mustDial(t, network, s, credentials{tt.username, tt.password}).Allocate(); err == nil {
					relay.Close()
					t.Fatal("was given an allocation")
				}
				if st := s.Stats(); st.Failed[tt.reason] == 0 || st.Allocations != 0 {
					t.Errorf("stats %+v, want a failure for %q and no allocation", st, tt.reason)
				}
			})
		}
	}
}

// A permission for a peer that is not the media server is refused.
func TestRefusesPeers(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	c := mustDial(t, "udp", s, good("ada"))
	relay, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	for _, ip := range []string{"0.0.0.0", "127.0.0.2", "::1", "::", "169.254.169.254", "10.0.0.1", "8.8.8.8", "224.0.0.1", "255.255.255.255", "::ffff:10.0.0.1"} {
		if err := c.CreatePermission(&net.UDPAddr{IP: net.ParseIP(ip), Port: int(peer.Port())}); err == nil {
			t.Errorf("a permission for %s was given", ip)
		}
	}
	if st := s.Stats(); st.Refused["nobody's address"] < 3 || st.Refused["not allowed"] < 5 {
		t.Errorf("refusals counted: %v", st.Refused)
	}
	if err := exchange(relay, peer, "still here"); err != nil {
		t.Errorf("the allowed peer: %v", err)
	}
}

// A TURN permission is for an address; ours is for an address and a port.
func TestRefusesOtherPorts(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	other, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	relay := mustRelay(t, s)
	if err := exchange(relay, peer, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := relay.WriteTo([]byte("to another service"), other.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if err := exchange(relay, peer, "hello again"); err != nil { // what was sent before has arrived by now, or never will
		t.Error(err)
	}
	if err := other.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, _, err := other.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("another service got %d bytes", n)
	}
	if st := s.Stats(); st.Refused["not allowed"] != 1 {
		t.Errorf("refusals: %v", st.Refused)
	}
}

// Nor does anything from elsewhere reach the client.
func TestRefusesOtherSenders(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	relay := mustRelay(t, s)
	if err := exchange(relay, peer, "hello"); err != nil {
		t.Fatal(err)
	}
	stranger, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: relay.LocalAddr().(*net.UDPAddr).Port}
	if _, err := stranger.WriteTo([]byte("psst"), to); err != nil {
		t.Fatal(err)
	}
	if err := exchange(relay, peer, "hello again"); err != nil {
		t.Error(err)
	}
}

func TestQuota(t *testing.T) {
	s := mustListen(t, turn.Config{Quota: 2})
	var relays []net.PacketConn
	for i, network := range []string{"udp", "tcp"} {
		relay, err := mustDial(t, network, s, good("ada")).Allocate()
		if err != nil {
			t.Fatalf("allocation %d of 2: %v", i+1, err)
		}
		relays = append(relays, relay)
	}
	username, password := turn.Credentials(secret, "ada", time.Hour, time.Now()) // fresh credentials are no second quota
	if _, err := mustDial(t, "udp", s, credentials{username, password}).Allocate(); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("a third allocation: %v, want 486", err)
	}
	other, err := mustDial(t, "udp", s, good("ben")).Allocate()
	if err != nil {
		t.Errorf("another user: %v", err)
	} else {
		defer other.Close()
	}
	if err := relays[0].Close(); err != nil {
		t.Fatal(err)
	}
	await(t, "one allocation of ada", func() bool { return s.Stats().Allocations == 2 })
	again, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Errorf("after one was given back: %v", err)
	} else {
		defer again.Close()
	}
	relays[1].Close()
}

// Many connections at once do not get past the quota.
func TestQuotaUnderPressure(t *testing.T) {
	s := mustListen(t, turn.Config{Quota: 3})
	var all sync.WaitGroup
	got := make(chan net.PacketConn, 12)
	for range 12 {
		c := mustDial(t, "tcp", s, good("ada"))
		all.Go(func() {
			if relay, err := c.Allocate(); err == nil {
				got <- relay
			}
		})
	}
	all.Wait()
	close(got)
	if len(got) != 3 {
		t.Errorf("%d allocations, want 3", len(got))
	}
	for relay := range got {
		relay.Close()
	}
}

// await waits until something that other goroutines do has come true.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(5*time.Second)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func TestPortRange(t *testing.T) {
	free := uint16(65535)
	for free > 65000 { // room for the range above it
		free = mustPeer(t, "127.0.0.1:0").Port() // taken by the peer, so the range has one port less
	}
	s := mustListen(t, turn.Config{MinPort: free, MaxPort: free + 2})
	first, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if port := first.LocalAddr().(*net.UDPAddr).Port; port < int(free) || port > int(free)+2 {
		t.Errorf("relay port %d is not within %d–%d", port, free, free+2)
	}
	for range 2 { // at least one of these finds none
		if relay, e := mustDial(t, "udp", s, good("ada")).Allocate(); e == nil {
			defer relay.Close()
		} else {
			err = e
		}
	}
	if err == nil || !strings.Contains(err.Error(), "508") {
		t.Errorf("more allocations than ports: %v, want 508", err)
	}
	if st := s.Stats(); st.Allocations > 2 {
		t.Errorf("stats: %+v", st)
	}
	first.Close()
}

// Credentials that run out do not end a call, but start none.
func TestCredentialsRunOut(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); defer mu.Unlock(); now = now.Add(d) }
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}, Now: clock, MaxAge: 2 * time.Hour})
	c := mustDial(t, "udp", s, good("ada")) // for a minute
	relay, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	udpPeer := net.UDPAddrFromAddrPort(peer)
	pass(time.Hour)
	if err := c.CreatePermission(udpPeer); err != nil {
		t.Errorf("within MaxAge the call goes on: %v", err)
	}
	if _, err := mustDial(t, "udp", s, good("ada")).Allocate(); err == nil {
		t.Error("expired credentials got an allocation from another address")
	}
	pass(2 * time.Hour)
	if err := c.CreatePermission(udpPeer); err == nil {
		t.Error("past MaxAge the call still goes on")
	}
}

// The log has reasons, and neither addresses of clients, nor names, nor secrets.
func TestLogIsDiscreet(t *testing.T) {
	var mu sync.Mutex
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(writer(func(b []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(b)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := mustListen(t, turn.Config{Logger: logger})
	c := mustDial(t, "udp", s, good("ada-lovelace"))
	relay, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.CreatePermission(&net.UDPAddr{IP: net.IPv4(9, 9, 9, 9), Port: 53}); err == nil {
		t.Error("9.9.9.9 was allowed")
	}
	bad := credentials{good("ada-lovelace").username, "guess"}
	if _, err := mustDial(t, "udp", s, bad).Allocate(); err == nil {
		t.Error("a guess was right")
	}
	relay.Close()
	mu.Lock()
	defer mu.Unlock()
	log := out.String()
	for _, want := range []string{"peer refused", "not allowed", "authentication failed", "wrong password"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, not := range []string{secret, good("ada-lovelace").password, "ada-lovelace", "9.9.9.9", c.conn.LocalAddr().String()} {
		if strings.Contains(log, not) {
			t.Errorf("the log says %q:\n%s", not, log)
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(b []byte) (int, error) { return w(b) }

// An allocation that fails for want of a port does not count against the user.
func TestFailureCostsNoQuota(t *testing.T) {
	taken, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := uint16(taken.LocalAddr().(*net.UDPAddr).Port)
	s := mustListen(t, turn.Config{Quota: 1, MinPort: port, MaxPort: port})
	if _, err := mustDial(t, "udp", s, good("ada")).Allocate(); err == nil || !strings.Contains(err.Error(), "508") {
		t.Fatalf("no port is free: %v, want 508", err)
	}
	taken.Close()
	relay, err := mustDial(t, "udp", s, good("ada")).Allocate()
	if err != nil {
		t.Fatalf("the port is free again: %v", err)
	}
	relay.Close()
}

// Permissions and channels cost memory, so one client gets only so many in a minute.
func TestRefusesHurry(t *testing.T) {
	peer := mustPeer(t, "127.0.0.1:0")
	s := mustListen(t, turn.Config{AllowPeerAddrs: []netip.AddrPort{peer}})
	c := mustDial(t, "udp", s, good("ada"))
	relay, err := c.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	given := 0
	for range 100 {
		if err := c.CreatePermission(net.UDPAddrFromAddrPort(peer)); err == nil {
			given++
		}
	}
	if given < 10 || given > 64 || s.Stats().Refused["too many requests"] == 0 {
		t.Errorf("%d permissions of 100 in a hurry, refusals %v", given, s.Stats().Refused)
	}
}

// Fresh names give one address no more than it may hold, and nobody gets more than the server holds.
func TestBounds(t *testing.T) {
	for _, plain := range []bool{false, true} {
		for name, tt := range map[string]struct {
			cfg  turn.Config
			code string
		}{
			"an address":   {turn.Config{MaxPerAddress: 3}, "486"},
			"everybody":    {turn.Config{MaxAllocations: 3}, "508"},
			"the narrower": {turn.Config{MaxAllocations: 3, MaxPerAddress: 4}, "508"},
		} {
			t.Run(fmt.Sprint(name, " plain ", plain), func(t *testing.T) {
				tt.cfg.Plain = plain
				s := mustListen(t, tt.cfg)
				var relays []net.PacketConn
				for i, network := range []string{"udp", "tcp", "udp"} {
					relay, err := mustDial(t, network, s, good(fmt.Sprint("name ", i))).Allocate()
					if err != nil {
						t.Fatalf("allocation %d of 3: %v", i+1, err)
					}
					defer relay.Close()
					relays = append(relays, relay)
				}
				for _, network := range []string{"udp", "tcp"} {
					if _, err := mustDial(t, network, s, good("another name")).Allocate(); err == nil || !strings.Contains(err.Error(), tt.code) {
						t.Errorf("a fourth over %s: %v, want %s", network, err, tt.code)
					}
				}
				if err := relays[0].Close(); err != nil {
					t.Fatal(err)
				}
				await(t, "one was given back", func() bool { return s.Stats().Allocations == 2 })
				again, err := mustDial(t, "udp", s, good("another name")).Allocate()
				if err != nil {
					t.Fatalf("after one was given back: %v", err)
				}
				defer again.Close()
			})
		}
	}
}

// An IPv6 network is one address: its holder has 2^64 of them.
func TestHome(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true}, {"192.0.2.1", "192.0.2.2", false}, {"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1", true}, {"2001:db8::1", "2001:db8:0:1::1", false},
	} {
		if same := turn.Home(netip.MustParseAddr(tt.a)) == turn.Home(netip.MustParseAddr(tt.b)); same != tt.same {
			t.Errorf("%s and %s count together: %v", tt.a, tt.b, same)
		}
	}
}

// Noise that reaches a relay from outside is dropped before anybody is asked about its sender, and what is too long does not come as nothing.
func TestNoiseFromOutside(t *testing.T) {
	for _, plain := range []bool{false, true} {
		peer, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		asked := make(chan netip.AddrPort, 100)
		s := mustListen(t, turn.Config{Plain: plain, PublicIP: netip.MustParseAddr("127.0.0.1"), AllowPeer: func(a netip.AddrPort) (bool, string) {
			asked <- a
			return true, ""
		}})
		c := mustRaw(t, s, good("ada"))
		relay := net.UDPAddrFromAddrPort(relayed(c.must(stun.MethodAllocate, udp)))
		dropped := func(n uint64) func() bool { return func() bool { return s.Stats().Dropped == n } }
		if _, err := peer.WriteTo([]byte("noise"), relay); err != nil {
			t.Fatal(err)
		}
		await(t, "noise is dropped", dropped(1))
		if len(asked) > 0 {
			t.Errorf("plain %v: the policy was asked about %v, who has no permission", plain, <-asked)
		}
		c.must(stun.MethodCreatePermission, peerAddress(peer.LocalAddr().(*net.UDPAddr).AddrPort()))
		if _, err := peer.WriteTo(make([]byte, 1700), relay); err != nil {
			t.Fatal(err)
		}
		await(t, "a long datagram is dropped", dropped(2))
	}
}

// What is shorter than any client's first request brings no challenge, which would be more than three times as long. On a connection it does.
func TestNoChallengeForTheBareHead(t *testing.T) {
	s := mustListen(t, turn.Config{})
	for _, network := range []string{"udp", "tcp"} {
		c, err := net.Dial(network, s.UDPAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for _, m := range [][]byte{stun.MustBuild(stun.TransactionID, stun.NewType(stun.MethodRefresh, stun.ClassRequest)).Raw, stun.MustBuild(stun.TransactionID, stun.BindingRequest).Raw} {
			if _, err := c.Write(m); err != nil {
				t.Fatal(err)
			}
		}
		b := make([]byte, 500)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := c.Read(b)
		if err != nil || n < 20 {
			t.Fatal(n, err)
		}
		if challenged := b[1] != 1; challenged != (network == "tcp") {
			t.Errorf("%s: challenged: %v, by %d bytes", network, challenged, n)
		}
	}
	if got := s.Stats().Unanswered; got != 1 {
		t.Errorf("%d requests unanswered, want 1", got)
	}
}
